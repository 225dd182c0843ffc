// A floor: rhea as it comes, making and sending so many messages when asked: sender-rhea.mjs <port>
import rhea from 'rhea';
import { address, rheaMessage } from '../load/device-message.mjs';
import { sendInWindow } from '../load/send-in-window.mjs';

const [port] = process.argv.slice(2);
const connection = rhea
  .create_container()
  .connect({ host: '127.0.0.1', port: Number(port), tcp_no_delay: true });
const sender = connection.open_sender({ target: { address } });
await new Promise((resolve) => sender.once('sendable', resolve));

process.on('message', (/** @type {{ messages: number, window: number }} */ load) => {
  const send = (/** @type {number} */ number) => void sender.send(rheaMessage(number));
  void sendInWindow(sender, load, send).then(() => process.send?.('done'));
});
process.send?.('ready');

// A floor: rhea as it comes, making and sending so many messages when asked: sender-rhea.mjs <port>
import rhea from 'rhea';
import { address, rheaMessage } from '../load/device-message.mjs';

const [port] = process.argv.slice(2);
const connection = rhea
  .create_container()
  .connect({ host: '127.0.0.1', port: Number(port), tcp_no_delay: true });
const sender = connection.open_sender({ target: { address } });
await new Promise((resolve) => sender.once('sendable', resolve));

process.on('message', (/** @type {{ messages: number, window: number }} */ { messages, window }) => {
  let sent = 0;
  let confirmed = 0;
  const send = () => {
    while (sent < messages && sent - confirmed < window && sender.sendable()) {
      sent += 1;
      sender.send(rheaMessage(sent));
    }
  };
  const settled = () => {
    confirmed += 1;
    if (confirmed < messages) return send();
    sender.removeAllListeners('accepted');
    sender.removeAllListeners('sendable');
    process.send?.('done');
    return undefined;
  };
  sender.on('accepted', settled);
  sender.on('sendable', send);
  send();
});
process.send?.('ready');

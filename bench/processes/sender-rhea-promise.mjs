// A floor: rhea-promise's AwaitableSender as it comes, sending so many messages when asked: sender-rhea-promise.mjs <port>
import { Connection } from 'rhea-promise';
import { address, rheaMessage } from '../load/device-message.mjs';
import { inWindow } from '../load/in-window.mjs';

const [port] = process.argv.slice(2);
const connection = new Connection({
  host: '127.0.0.1',
  port: Number(port),
  tcp_no_delay: true,
  reconnect: false,
});
await connection.open();
const sender = await connection.createAwaitableSender({ target: { address } });
let sent = 0;
const send = () => {
  sent += 1;
  return sender.send(rheaMessage(sent));
};

process.on('message', (/** @type {{ messages: number, window: number }} */ { messages, window }) => {
  // It rejects where the outcome is another one.
  void inWindow(messages, window, send, () => true).then(() => process.send?.('done'));
});
process.send?.('ready');

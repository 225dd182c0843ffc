// A floor: rhea as it comes, sending one encoded message many times and waiting for its outcomes: bare-rhea.mjs <port> <address>
import rhea from 'rhea';
import { encodedTelemetry } from '../load/encoded-telemetry.mjs';
import { sendInWindow } from '../load/send-in-window.mjs';

const [port, address] = process.argv.slice(2);
const connection = rhea.create_container().connect({ host: '127.0.0.1', port: Number(port) });
const sender = connection.open_sender({ target: { address: address ?? '' }, autosettle: true });
await new Promise((resolve) => sender.once('sendable', resolve));

const message = encodedTelemetry(address ?? '');

process.on('message', (/** @type {{ messages: number, window: number }} */ load) => {
  // A tag of its own lets rhea send bytes that are encoded already.
  const send = (/** @type {number} */ number) => void sender.send(message, Buffer.from(String(number)), 0);
  void sendInWindow(sender, load, send).then(() => process.send?.('done'));
});
process.send?.('ready');

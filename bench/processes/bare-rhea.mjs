// A floor: rhea as it comes, sending one encoded message many times and waiting for its outcomes: bare-rhea.mjs <port> <address>
import rhea from 'rhea';
import { sendInWindow } from '../load/send-in-window.mjs';

const [port, address] = process.argv.slice(2);
const connection = rhea.create_container().connect({ host: '127.0.0.1', port: Number(port) });
const sender = connection.open_sender({ target: { address: address ?? '' }, autosettle: true });
await new Promise((resolve) => sender.once('sendable', resolve));

/** As large as what the adapter makes of a telemetry message with a payload of 200 bytes. */
const message = rhea.message.encode({
  to: address ?? '',
  message_id: 'x'.repeat(36),
  content_type: 'application/octet-stream',
  creation_time: new Date(0),
  message_annotations: { tenant_id: 'bench', device_id: 'device-1', resource: 'telemetry/bench/device-1' },
  application_properties: {
    device_id: 'device-1',
    qos: 1,
    orig_adapter: 'hono-mqtt',
    orig_address: 'telemetry',
  },
  body: rhea.message.data_section(Buffer.alloc(200, 'x')),
});

process.on('message', (/** @type {{ messages: number, window: number }} */ load) => {
  // A tag of its own lets rhea send bytes that are encoded already.
  const send = (/** @type {number} */ number) => void sender.send(message, Buffer.from(String(number)), 0);
  void sendInWindow(sender, load, send).then(() => process.send?.('done'));
});
process.send?.('ready');

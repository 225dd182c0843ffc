// A floor: rhea as it comes, sending one encoded message many times and waiting for its outcomes: bare-rhea.mjs <port> <address>
import rhea from 'rhea';

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

process.on('message', (/** @type {{ messages: number, window: number }} */ { messages, window }) => {
  let sent = 0;
  let confirmed = 0;
  const send = () => {
    while (sent < messages && sent - confirmed < window && sender.sendable()) {
      sent += 1;
      // A tag of its own lets rhea send bytes that are encoded already.
      sender.send(message, Buffer.from(String(sent)), 0);
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

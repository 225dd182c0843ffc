// Takes every connection event and all telemetry of a tenant, and tells when asked: consumer.mjs <port> <tenant>
import { consume } from '@rollcall/client';
import rhea from 'rhea';

const [port, tenant] = process.argv.slice(2);
/** When each device's latest `connected` came: milliseconds of the system's monotonic clock. @type {Map<string, number>} */
const connectedAt = new Map();
let disconnected = 0;
let telemetry = 0;

const consumer = consume({
  url: `amqp://127.0.0.1:${port}`,
  tenant: tenant ?? '',
  credit: 1_000,
  onEvent({ type, device }) {
    if (type === 'connected') connectedAt.set(device.device, Number(process.hrtime.bigint()) / 1e6);
    else disconnected += 1;
  },
});
await consumer.ready;

const connection = rhea.create_container().connect({ host: '127.0.0.1', port: Number(port) });
const receiver = connection.open_receiver({ source: `telemetry/${tenant}`, credit_window: 2_000 });
receiver.on('message', () => {
  telemetry += 1;
});
await new Promise((resolve) => receiver.once('receiver_open', resolve));

process.on('message', (/** @type {{ type: string }} */ { type }) => {
  if (type === 'reset') {
    connectedAt.clear();
    disconnected = 0;
    telemetry = 0;
  }
  const times = type === 'times' ? [...connectedAt] : [];
  process.send?.({ connected: connectedAt.size, disconnected, telemetry, times });
});
process.send?.('ready');

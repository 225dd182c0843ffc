// Takes all telemetry of a tenant off a network, so that it grants credit for it: node drain-telemetry.ts TENANT PORT
import { createAmqpConnection } from '@rollcall/amqp-connection';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';

const [tenant, port] = process.argv.slice(2);
const connection = createAmqpConnection({
  host: '127.0.0.1',
  port: Number(port),
  containerName: 'drain',
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
});
connection.openReceiver(`telemetry/${tenant}`, {
  credit: 2_000,
  onMessage: async () => 'accepted',
  onStateChange: () => process.send?.('ready'),
});

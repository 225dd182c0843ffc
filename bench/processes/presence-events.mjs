// Devices that come and go, as adapters send that: presence-events.mjs <port> <devices>. Told a rate and a time, it sends so.
import { createMessaging } from '@rollcall/amqp-sender';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { presenceEvent, presenceTenant } from '../load/presence-churn.mjs';

const [port, devices] = process.argv.slice(2).map(Number);
const everyMs = 10;
const sink = createMessaging({
  ...{ host: '127.0.0.1', port, containerName: 'bench', sendTimeoutMs: 30_000 },
  ...{ clock: systemClock, random: systemRandom, log: silentLog },
}).eventsSink();
const { signal } = new AbortController();
let sent = 0;

async function deliver() {
  const event = presenceEvent(sent, devices);
  sent += 1;
  const outbound = { event, downstream: { defaults: {} } };
  while ((await sink.deliver(outbound, signal)).status !== 'delivered')
    await new Promise((resolve) => setTimeout(resolve, 50));
}

/** @param {{ perSecond: number, forMs: number }} rate */
async function send({ perSecond, forMs }) {
  const begun = performance.now();
  const deliveries = [];
  for (let begunOf = 0, elapsedMs = 0; elapsedMs < forMs; elapsedMs = performance.now() - begun) {
    for (; begunOf < (elapsedMs * perSecond) / 1_000; begunOf += 1) deliveries.push(deliver());
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await Promise.all(deliveries);
  return deliveries.length;
}

process.on('message', (/** @type {{ perSecond: number, forMs: number }} */ rate) => {
  void send(rate).then((events) => process.send?.({ events }));
});
process.send?.({ tenant: presenceTenant });

import { openSecureDevice } from '../load/coap-device.mjs';
import { inParallel } from '../load/in-parallel.mjs';
import { settledBytes } from '../measure/settled-memory.mjs';
import { pidOf, startStack } from '../processes/stack.mjs';
import { startReady, stop } from '../processes/start.mjs';

const warmUpDevices = 200;

/**
 * Memory of DTLS alone, and of the adapter, for each association that is open and silent after one request: in the adapter with its
 * lease, and the exchange that is remembered.
 * @param {{ associations: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function coapMemoryScenario({ associations }) {
  const layer = await startReady('bench/processes/secure-coap.mjs', ['dtls']);
  const stack = await startStack('coap', associations + warmUpDevices);
  try {
    const { port } = /** @type {import('../load/coap-device.mjs').SecureServer} */ (layer.message);
    const dtls = await growth(port, pidOf(layer.child), false, associations);
    const adapter = await growth(stack.port, stack.pids.adapter, true, associations);
    const what = `${associations} idle DTLS associations`;
    return [
      {
        what: `memory, ${what}`,
        figures: {},
        ratio: { name: 'DTLS alone, kB each', value: dtls, aim: 15 },
      },
      {
        what: `memory, ${what} with lease and exchange`,
        figures: {},
        ratio: { name: 'adapter, kB each', value: adapter, aim: 15 },
      },
    ];
  } finally {
    await stop(layer.child);
    await stack.stop();
  }
}

/**
 * What each association adds, after a warm-up that lets everything be compiled and allocated that is there once.
 * @param {number} port @param {number} pid @param {boolean} isAnswered @param {number} associations
 */
async function growth(port, pid, isAnswered, associations) {
  const use = async (/** @type {number} */ index) => {
    const device = await openSecureDevice({ port }, index);
    const requests = device.prepare('telemetry', 100, 1);
    if (isAnswered) device.check(await device.exchange(requests));
    else await device.send(requests);
    device.close();
  };
  await inParallel(warmUpDevices, 50, use);
  const before = await settledBytes(pid);
  await inParallel(associations, 50, (index) => use(warmUpDevices + index));
  return ((await settledBytes(pid)) - before) / associations / 1_000;
}

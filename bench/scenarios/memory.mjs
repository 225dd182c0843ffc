import { inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut } from '../load/mqtt-device.mjs';
import { settledBytes } from '../measure/settled-memory.mjs';
import { cutAll } from '../processes/cut-all.mjs';
import { pidOf, startStack } from '../processes/stack.mjs';
import { startReady, stop } from '../processes/start.mjs';

/**
 * Memory of the adapter, and of bare aedes, for each MQTT connection that is open and silent.
 * @param {{ devices: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function memoryScenario({ devices }) {
  const stack = await startStack('mqtt', devices);
  const floor = await startReady('bench/processes/bare-aedes.mjs', []);
  try {
    const adapter = await growth(stack.port, stack.pids.adapter, devices, (all) => cutAll(stack, all));
    const aedes = await growth(Number(floor.message), pidOf(floor.child), devices);
    const kB = { adapter: adapter / devices / 1_000, aedes: aedes / devices / 1_000 };
    // With few devices, what is there once counts for each.
    const hasAim = devices >= 10_000;
    return [
      {
        what: `memory, ${devices} idle MQTT connections`,
        figures: { 'adapter, kB each': kB.adapter, 'bare aedes, kB each': kB.aedes },
        ratio: {
          name: 'adapter above bare aedes, kB each',
          value: kB.adapter - kB.aedes,
          ...(hasAim && { aim: 12 }),
        },
      },
      {
        what: 'the same, in all',
        figures: {},
        ratio: { name: 'adapter, kB each', value: kB.adapter, ...(hasAim && { aim: 24 }) },
      },
    ];
  } finally {
    await stop(floor.child);
    await stack.stop();
  }
}

/**
 * What `devices` connections add, after a warm-up that lets everything be compiled and allocated that is there once.
 * @param {number} port @param {number} pid @param {number} devices
 * @param {(devices: import('../load/mqtt-device.mjs').Device[]) => Promise<unknown>} [leave]
 */
async function growth(port, pid, devices, leave = cut) {
  const connected = (/** @type {number} */ count) =>
    inParallel(count, 100, (index) => connectDevice(port, index));
  await leave(await connected(Math.min(devices, 50)));
  const before = await settledBytes(pid);
  const all = await connected(devices);
  const after = await settledBytes(pid);
  await leave(all);
  return after - before;
}

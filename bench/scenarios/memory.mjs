import { inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut } from '../load/mqtt-device.mjs';
import { settledBytes } from '../measure/settled-memory.mjs';
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
    const adapter = await growth(stack.port, stack.pids.adapter, devices);
    const aedes = await growth(Number(floor.message), pidOf(floor.child), devices);
    return [
      {
        what: `memory, ${devices} idle MQTT connections`,
        figures: {
          'adapter, kB each': adapter / devices / 1_000,
          'bare aedes, kB each': aedes / devices / 1_000,
        },
        ratio: {
          name: 'adapter above bare aedes, kB each',
          value: (adapter - aedes) / devices / 1_000,
          // With few devices, what is there once counts for each.
          ...(devices >= 10_000 && { aim: 12 }),
        },
      },
    ];
  } finally {
    await stop(floor.child);
    await stack.stop();
  }
}

/** What `devices` connections add, after a warm-up that lets everything be compiled and allocated that is there once. */
async function growth(/** @type {number} */ port, /** @type {number} */ pid, /** @type {number} */ devices) {
  const storm = () => inParallel(devices, 100, (index) => connectDevice(port, index));
  await cut(await inParallel(Math.min(devices, 50), 50, (index) => connectDevice(port, index)));
  const before = await settledBytes(pid);
  const connected = await storm();
  const after = await settledBytes(pid);
  await cut(connected);
  return after - before;
}

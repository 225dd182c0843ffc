import { atRate, inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut } from '../load/mqtt-device.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median, percentile } from '../measure/statistics.mjs';
import { longestTurnOf, noteLongestTurn, watchTurnsOf } from '../processes/longest-turns.mjs';
import { pidOf, startStack } from '../processes/stack.mjs';
import { ask, eventLoopLag, startReady, stop } from '../processes/start.mjs';

/** Devices whose CONNACK is waited for at a time: a storm, but not of the network's own queues. */
const outstanding = 100;
/** The paced phase is long enough for a percentile, and no longer. */
const pacedDevices = 2_000;

/**
 * A storm of devices that connect, until the event of each arrived at the consumer; beside it, bare aedes accepting the
 * same devices. Then the same at half the rate, for the time from CONNECT to the event. The operating system reports all connections
 * that are cut at the same moment in one turn of the event loop, to bare aedes too: that turn has a row of its own.
 * @param {{ devices: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function connectScenario({ devices, repeats }) {
  const stack = await startStack('mqtt', devices);
  const floor = await startReady('bench/processes/bare-aedes.mjs', [], {}, [eventLoopLag]);
  await watchTurnsOf(floor.child);
  const floorPort = Number(floor.message);
  const pids = { ...stack.pids, floor: pidOf(floor.child) };

  const storm = async (/** @type {number} */ port, /** @type {number} */ count) =>
    inParallel(count, outstanding, (index) => connectDevice(port, index));

  /** @param {() => Promise<import('../load/mqtt-device.mjs').Device[]>} connectAll @param {number} count */
  async function measured(connectAll, count) {
    await ask(stack.consumer, { type: 'reset' });
    /** @type {import('../load/mqtt-device.mjs').Device[]} */
    let connected = [];
    const usage = await measureCpu(pids, async () => {
      connected = await connectAll();
      await stack.arrived('connected', count);
    });
    const { times } = /** @type {{ times: [string, number][] }} */ (
      await ask(stack.consumer, { type: 'times' })
    );
    const eventAt = new Map(times);
    const delaysMs = connected.map(
      ({ index, begunAt }) => (eventAt.get(`device-${index}`) ?? Number.NaN) - begunAt,
    );
    await noteLongestTurn('mqtt adapter', stack.adapter);
    await cut(connected);
    await stack.arrived('disconnected', count);
    return { ...usage, delaysMs, cutMs: await turnOf(stack.adapter) };
  }

  try {
    const warmUp = Math.min(devices, 2_000);
    for (let round = 0; round < 2; round++) {
      await measured(() => storm(stack.port, warmUp), warmUp);
      await cut(await storm(floorPort, warmUp));
    }

    const runs = [];
    const floors = [];
    const floorCutsMs = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      runs.push(await measured(() => storm(stack.port, devices), devices));
      let sockets = /** @type {import('../load/mqtt-device.mjs').Device[]} */ ([]);
      floors.push(
        await measureCpu(pids, async () => {
          sockets = await storm(floorPort, devices);
        }),
      );
      await turnOf(floor.child);
      await cut(sockets);
      floorCutsMs.push(await turnOf(floor.child));
    }
    const perSecond = (devices / median(runs.map(({ elapsedMs }) => elapsedMs))) * 1_000;
    const paced = Math.min(devices, pacedDevices);
    const calm = await measured(
      () => atRate(paced, perSecond / 2, (index) => connectDevice(stack.port, index)),
      paced,
    );

    const each = (/** @type {keyof typeof pids} */ name) =>
      median(runs.map(({ cpuMs }) => cpuMs[name] / devices));
    const ratios = runs.map(
      ({ cpuMs }, repeat) => cpuMs.adapter / (floors[repeat]?.cpuMs.floor ?? Number.NaN),
    );
    return [
      {
        what: `connect, ${devices} devices`,
        figures: {
          'rate, 1/s': perSecond,
          'adapter, ms CPU': each('adapter'),
          'network, ms CPU': each('network'),
          'consumer, ms CPU': each('consumer'),
          'bare aedes, ms CPU': median(floors.map(({ cpuMs }) => cpuMs.floor / devices)),
          'storm: CONNECT to event p50, ms': median(runs.flatMap(({ delaysMs }) => delaysMs)),
        },
        ratio: { name: 'adapter to bare aedes, CPU', value: median(ratios), aim: 1.4 },
      },
      {
        what: `${devices} connections that are cut at the same moment`,
        figures: {
          'longest turn: adapter, ms CPU': median(runs.map(({ cutMs }) => cutMs)),
          'bare aedes, ms CPU': median(floorCutsMs),
        },
        ratio: {
          name: 'adapter to bare aedes, longest turn',
          value: median(runs.map(({ cutMs }, repeat) => cutMs / (floorCutsMs[repeat] ?? Number.NaN))),
        },
      },
      {
        what: `connect at half the rate, ${paced} devices`,
        figures: { 'rate, 1/s': perSecond / 2, 'CONNECT to event p50, ms': percentile(calm.delaysMs, 0.5) },
        ratio: { name: 'CONNECT to event p99, ms', value: percentile(calm.delaysMs, 0.99), aim: 20 },
      },
    ];
  } finally {
    await stop(floor.child);
    await stack.stop();
  }
}

/** @param {import('node:child_process').ChildProcess} child */
async function turnOf(child) {
  return (await longestTurnOf(child)) ?? Number.NaN;
}

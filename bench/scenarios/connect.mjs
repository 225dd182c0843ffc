import { atRate, inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut } from '../load/mqtt-device.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median, percentile } from '../measure/statistics.mjs';
import { startBusy } from '../processes/busy.mjs';
import { cutAll } from '../processes/cut-all.mjs';
import { longestTurnOf, watchTurnsOf } from '../processes/longest-turns.mjs';
import { pidOf, startStack } from '../processes/stack.mjs';
import { ask, eventLoopLag, startReady, stop } from '../processes/start.mjs';

/** Devices whose CONNACK is waited for at a time: a storm, but not of the network's own queues. */
const outstanding = 100;
/** The paced phase is long enough for a percentile, and no longer. */
const pacedDevices = 2_000;

/** Others that use the machine, in the last phase. */
const busyProcesses = 2;

/** @typedef {import('../load/mqtt-device.mjs').Device} Device */
/** @typedef {import('../report.mjs').Finding} Finding */

/**
 * A storm of devices that connect, until the event of each arrived at the consumer; beside it, bare aedes accepting the
 * same devices. Then the same at half the rate, for the time from CONNECT to the event, and again while others use the machine. The
 * operating system reports all connections that are cut at the same moment in one turn of the event loop, to bare aedes too: that turn has
 * a row of its own.
 * @param {{ devices: number, repeats: number }} options
 * @returns {Promise<Finding[]>}
 */
export async function connectScenario({ devices, repeats }) {
  const stack = await startStack('mqtt', devices);
  const floor = await startReady('bench/processes/bare-aedes.mjs', [], {}, [eventLoopLag]);
  await watchTurnsOf(floor.child);
  const floorPort = Number(floor.message);
  const pids = { ...stack.pids, floor: pidOf(floor.child) };

  const storm = async (/** @type {number} */ port, /** @type {number} */ count) =>
    inParallel(count, outstanding, (index) => connectDevice(port, index));

  /** @param {() => Promise<Device[]>} connectAll @param {number} count */
  async function measured(connectAll, count) {
    await ask(stack.consumer, { type: 'reset' });
    /** @type {Device[]} */
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
    return {
      ...usage,
      delaysMs,
      acceptedMs: acceptedMsOf(connected),
      cutMs: await cutAll(stack, connected),
    };
  }

  async function measuredFloor() {
    /** @type {Device[]} */
    let connected = [];
    const usage = await measureCpu(pids, async () => {
      connected = await storm(floorPort, devices);
    });
    await turnOf(floor.child);
    await cut(connected);
    return { ...usage, acceptedMs: acceptedMsOf(connected), cutMs: await turnOf(floor.child) };
  }

  try {
    const warmUp = Math.min(devices, 2_000);
    for (let round = 0; round < 2; round++) {
      await measured(() => storm(stack.port, warmUp), warmUp);
      await cut(await storm(floorPort, warmUp));
    }

    const rounds = [];
    for (let repeat = 0; repeat < repeats; repeat++)
      rounds.push({
        adapter: await measured(() => storm(stack.port, devices), devices),
        floor: await measuredFloor(),
      });
    const perSecond = (devices / median(rounds.map(({ adapter }) => adapter.elapsedMs))) * 1_000;
    const paced = Math.min(devices, pacedDevices);
    const atHalfTheRate = () =>
      measured(() => atRate(paced, perSecond / 2, (index) => connectDevice(stack.port, index)), paced);
    const calm = await atHalfTheRate();
    const beside = await besideOthers(atHalfTheRate);
    return [
      ...stormFindings(devices, rounds),
      pacedFinding(`connect at half the rate, ${paced} devices`, perSecond / 2, calm.delaysMs, 20),
      pacedFinding(`the same, beside ${busyProcesses} busy processes`, perSecond / 2, beside.delaysMs),
    ];
  } finally {
    await stop(floor.child);
    await stack.stop();
  }
}

/**
 * @typedef {{ adapter: number, network: number, consumer: number, floor: number }} CpuMs
 * @typedef {{ cpuMs: CpuMs, acceptedMs: number[], cutMs: number }} Storm
 * @typedef {Storm & { elapsedMs: number, delaysMs: number[] }} AdapterStorm
 */

/** @param {number} devices @param {readonly { adapter: AdapterStorm, floor: Storm }[]} rounds @returns {Finding[]} */
function stormFindings(devices, rounds) {
  const storms = rounds.map(({ adapter }) => adapter);
  const floors = rounds.map(({ floor }) => floor);
  const each = (/** @type {keyof CpuMs} */ name) => median(storms.map(({ cpuMs }) => cpuMs[name] / devices));
  const acceptedMs = (/** @type {readonly Storm[]} */ of, /** @type {number} */ share) =>
    median(of.map((storm) => percentile(storm.acceptedMs, share)));
  return [
    {
      what: `connect, ${devices} devices`,
      figures: {
        'rate, 1/s': (devices / median(storms.map(({ elapsedMs }) => elapsedMs))) * 1_000,
        'adapter, ms CPU': each('adapter'),
        'network, ms CPU': each('network'),
        'consumer, ms CPU': each('consumer'),
        'bare aedes, ms CPU': median(floors.map(({ cpuMs }) => cpuMs.floor / devices)),
        'storm: CONNECT to event p50, ms': median(storms.flatMap(({ delaysMs }) => delaysMs)),
      },
      ratio: {
        name: 'adapter to bare aedes, CPU',
        value: median(rounds.map(({ adapter, floor }) => adapter.cpuMs.adapter / floor.cpuMs.floor)),
        aim: 1.4,
      },
    },
    {
      what: `CONNECT to CONNACK with ${outstanding} outstanding, ${devices} devices`,
      figures: {
        'adapter p50, ms': acceptedMs(storms, 0.5),
        'bare aedes p50, ms': acceptedMs(floors, 0.5),
        'adapter p99, ms': acceptedMs(storms, 0.99),
        'bare aedes p99, ms': acceptedMs(floors, 0.99),
      },
      ratio: {
        name: 'adapter later than bare aedes, p50, ms',
        value: median(
          rounds.map(({ adapter, floor }) => median(adapter.acceptedMs) - median(floor.acceptedMs)),
        ),
        aim: 5,
      },
    },
    {
      what: `${devices} connections that are cut at the same moment`,
      figures: {
        'longest turn: adapter, ms CPU': median(storms.map(({ cutMs }) => cutMs)),
        'bare aedes, ms CPU': median(floors.map(({ cutMs }) => cutMs)),
      },
      ratio: {
        name: 'adapter to bare aedes, longest turn',
        value: median(rounds.map(({ adapter, floor }) => adapter.cutMs / floor.cutMs)),
      },
    },
  ];
}

/**
 * @param {string} what @param {number} perSecond @param {number[]} delaysMs of each device, from CONNECT to the event @param {number} [aim]
 * @returns {Finding}
 */
function pacedFinding(what, perSecond, delaysMs, aim) {
  return {
    what,
    figures: { 'rate, 1/s': perSecond, 'CONNECT to event p50, ms': percentile(delaysMs, 0.5) },
    ratio: {
      name: 'CONNECT to event p99, ms',
      value: percentile(delaysMs, 0.99),
      ...(aim !== undefined && { aim }),
    },
  };
}

/** @param {readonly Device[]} devices */
function acceptedMsOf(devices) {
  return devices.map(({ acceptedAfterMs }) => acceptedAfterMs);
}

/** @template Result @param {() => Promise<Result>} work @returns {Promise<Result>} */
async function besideOthers(work) {
  const others = await startBusy(busyProcesses);
  try {
    return await work();
  } finally {
    await others.stop();
  }
}

/** @param {import('node:child_process').ChildProcess} child */
async function turnOf(child) {
  return (await longestTurnOf(child)) ?? Number.NaN;
}

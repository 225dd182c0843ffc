import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { atRate, inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut } from '../load/mqtt-device.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median, percentile } from '../measure/statistics.mjs';
import { hasRedisServer, startRedisServer } from '../processes/redis-server.mjs';
import { startStack } from '../processes/stack.mjs';
import { ask, startReady, stop } from '../processes/start.mjs';

const outstanding = 50;
const processes = 2;
/** Connects in a second that each process gets. */
const connectsPerSecond = 200;
/** Takeovers in a second. */
const takeoversPerSecond = 100;

/**
 * What the directory of a fleet costs: each connect beside one of an adapter that is alone, in turns; takeovers from one adapter to
 * another; two processes behind one port beside one; and claims as many as a large fleet has.
 * @param {{ devices: number, claims: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function fleetScenario({ devices, claims, repeats }) {
  const shared = await processesBesideOne({ devices, repeats });
  if (!hasRedisServer()) return [shared];
  return [shared, ...(await onRedis({ devices, repeats })), await manyClaims(claims)];
}

/** @typedef {Awaited<ReturnType<typeof startStack>>} Stack */

/** @typedef {import('../load/mqtt-device.mjs').Device} Device */

/**
 * A storm of connects.
 * @template {string} Name
 * @param {Stack} stack @param {Record<Name, number>} pids @param {number} devices
 */
function storm(stack, pids, devices) {
  return connecting(stack, pids, (connect) => inParallel(devices, outstanding, connect));
}

/**
 * Connects at a rate that leaves the machine room.
 * @template {string} Name
 * @param {Stack} stack @param {Record<Name, number>} pids @param {number} devices @param {number} perSecond
 */
function paced(stack, pids, devices, perSecond) {
  return connecting(stack, pids, (connect) => atRate(devices, perSecond, connect));
}

/**
 * What it costs that devices connect, until all are told.
 * @template {string} Name
 * @param {Stack} stack @param {Record<Name, number>} pids @param {(connect: (index: number) => Promise<Device>) => Promise<Device[]>} pace
 */
async function connecting(stack, pids, pace) {
  await ask(stack.consumer, { type: 'reset' });
  /** @type {Device[]} */
  let connected = [];
  const usage = await measureCpu(pids, async () => {
    connected = await pace((index) => connectDevice(stack.port, index));
    await stack.arrived('connected', connected.length);
  });
  await cut(connected);
  await stack.arrived('disconnected', connected.length);
  return usage;
}

/** @param {Record<string, number>} cpuMs @param {number} devices */
function sumOf(cpuMs, devices) {
  return Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0) / devices;
}

/** CONNACKs at a rate that leaves the machine room. @param {Stack} stack @param {number} devices */
async function calm(stack, devices) {
  await ask(stack.consumer, { type: 'reset' });
  const connected = await atRate(devices, 200, (index) => connectDevice(stack.port, index));
  await cut(connected);
  await stack.arrived('disconnected', devices);
  return connected.map(({ acceptedAfterMs }) => acceptedAfterMs);
}

/**
 * Two processes get twice as many connects a second as one: each has as much to do, and what they cost more is what sharing costs. In
 * a storm, all of the machine is busy, with those who make it too, and each of two processes has less to do than one: smaller batches.
 * @param {{ devices: number, repeats: number }} options
 */
async function processesBesideOne({ devices, repeats }) {
  const one = await startStack('mqtt', devices);
  const several = await startStack('mqtt', devices, { ROLLCALL_ADAPTER_PROCESSES: String(processes) });
  const children = childrenOf(several.pids.adapter);
  const pids = {
    parent: several.pids.adapter,
    ...Object.fromEntries(children.map((pid, index) => [`process${index}`, pid])),
  };
  try {
    for (let round = 0; round < 2; round++) {
      await storm(one, { adapter: one.pids.adapter }, devices);
      await storm(several, pids, devices);
    }
    const runs = [];
    const adapter = { adapter: one.pids.adapter };
    for (let repeat = 0; repeat < repeats; repeat++) {
      const alone = sumOf((await paced(one, adapter, devices, connectsPerSecond)).cpuMs, devices);
      const { cpuMs } = await paced(several, pids, devices, processes * connectsPerSecond);
      const stormAlone = sumOf((await storm(one, adapter, devices)).cpuMs, devices);
      const inStorm = sumOf((await storm(several, pids, devices)).cpuMs, devices);
      runs.push({ alone, all: sumOf(cpuMs, devices), parent: cpuMs.parent / devices, stormAlone, inStorm });
    }
    return {
      what: `connect, ${devices} devices, ${processes} processes beside one`,
      figures: {
        'one, ms CPU': median(runs.map(({ alone }) => alone)),
        'all of several, ms CPU': median(runs.map(({ all }) => all)),
        'parent of several, ms CPU': median(runs.map(({ parent }) => parent)),
        'one in a storm, ms CPU': median(runs.map(({ stormAlone }) => stormAlone)),
        'all of several in a storm, ms CPU': median(runs.map(({ inStorm }) => inStorm)),
      },
      ratio: {
        name: `several to one, CPU of a connect, ${connectsPerSecond} a second for each process`,
        value: median(runs.map(({ alone, all }) => all / alone)),
        aim: 1.15,
      },
    };
  } finally {
    await one.stop();
    await several.stop();
  }
}

/** @param {number} pid */
function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** @param {{ devices: number, repeats: number }} options */
async function onRedis({ devices, repeats }) {
  const redis = await startRedisServer();
  const environment = { ROLLCALL_DIRECTORY_URL: redis.url };
  const alone = await startStack('mqtt', devices);
  const first = await startStack('mqtt', devices, { ...environment, ROLLCALL_ADAPTER_ID: 'first' });
  const second = await startStack('mqtt', devices, { ...environment, ROLLCALL_ADAPTER_ID: 'second' });
  try {
    for (let round = 0; round < 2; round++)
      for (const stack of [alone, first]) await storm(stack, { adapter: stack.pids.adapter }, devices);
    const runs = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const without = await storm(alone, { adapter: alone.pids.adapter }, devices);
      const withOne = await storm(first, { adapter: first.pids.adapter, server: redis.pid }, devices);
      runs.push({ without: without.cpuMs.adapter, ...withOne.cpuMs });
    }
    const connacks = { alone: await calm(alone, devices), redis: await calm(first, devices) };
    const before = await redis.usedBytes();
    const held = await inParallel(devices, outstanding, (index) => connectDevice(first.port, index));
    await first.arrived('connected', devices);
    const bytes = (await redis.usedBytes()) - before;
    const takeovers = await takenOver(held, second.port);
    await cut(takeovers.devices);
    const of = (/** @type {'without' | 'adapter' | 'server'} */ name) =>
      median(runs.map((run) => run[name] / devices));
    return [
      {
        what: `connect, ${devices} devices, with a directory on redis-server`,
        figures: {
          'alone, ms CPU': of('without'),
          'in a fleet, ms CPU': of('adapter'),
          'redis-server, ms CPU': of('server'),
          'alone: CONNACK p50, ms': percentile(connacks.alone, 0.5),
          'alone: CONNACK p99, ms': percentile(connacks.alone, 0.99),
          'in a fleet: CONNACK p50, ms': percentile(connacks.redis, 0.5),
          'in a fleet: CONNACK p99, ms': percentile(connacks.redis, 0.99),
          'redis-server, bytes a connection': bytes / devices,
        },
        ratio: {
          name: 'in a fleet to alone, CPU of the adapter',
          value: median(runs.map(({ adapter, without }) => adapter / without)),
          aim: 1.25,
        },
      },
      {
        what: `takeover by another adapter, ${devices} devices, ${takeoversPerSecond} a second`,
        figures: { 'CONNECT there to closed here p50, ms': percentile(takeovers.delaysMs, 0.5) },
        ratio: { name: 'p99, ms', value: percentile(takeovers.delaysMs, 0.99), aim: 100 },
      },
    ];
  } finally {
    for (const stack of [alone, first, second]) await stack.stop();
    await redis.stop();
  }
}

/** @param {readonly import('../load/mqtt-device.mjs').Device[]} held @param {number} port of another adapter */
async function takenOver(held, port) {
  const closed = held.map(({ socket }) =>
    once(socket.resume(), 'close').then(() => Number(process.hrtime.bigint()) / 1e6),
  );
  const devices = await atRate(held.length, takeoversPerSecond, (index) => connectDevice(port, index));
  const closedAt = await Promise.all(closed);
  return {
    devices,
    delaysMs: devices.map(({ begunAt, index }) => (closedAt[index] ?? Number.NaN) - begunAt),
  };
}

/** As many entries as a large fleet has, and what the next ones cost then. @param {number} claims */
async function manyClaims(claims) {
  const redis = await startRedisServer();
  const begunBytes = await redis.usedBytes();
  const { child } = await startReady('bench/processes/claims.mjs', [String(redis.port)]);
  const pids = { server: redis.pid };
  try {
    const claimed = async (/** @type {number} */ from, /** @type {number} */ count) => {
      let unknown = 0;
      const usage = await measureCpu(pids, async () => {
        ({ unknown } = /** @type {{ unknown: number }} */ (await ask(child, { from, count })));
      });
      const serverUs = (usage.cpuMs.server / count) * 1_000;
      return { perSecond: (count / usage.elapsedMs) * 1_000, serverUs, unknown };
    };
    const sample = Math.min(20_000, claims);
    await claimed(0, sample);
    const small = await claimed(sample, sample);
    await claimed(2 * sample, Math.max(1, claims - 2 * sample));
    const bytes = (await redis.usedBytes()) - begunBytes;
    const large = await claimed(claims, sample);
    return {
      what: `claims on redis-server, with ${claims} open`,
      figures: {
        'rate, 1/s': large.perSecond,
        'not answered within 50 ms': large.unknown,
        'redis-server, µs CPU a claim': large.serverUs,
        'the same with few open': small.serverUs,
        'redis-server, bytes a connection': bytes / Math.max(claims, 2 * sample + 1),
      },
      ratio: { name: 'to few open, CPU of redis-server', value: large.serverUs / small.serverUs, aim: 1.5 },
    };
  } finally {
    await stop(child);
    await redis.stop();
  }
}

import { openPlainDevice, openSecureDevice } from '../load/coap-device.mjs';
import { measureRequests } from '../load/coap-requests.mjs';
import { post } from '../load/http-client.mjs';
import { inParallel } from '../load/in-parallel.mjs';
import { connectDevice, publish } from '../load/mqtt-device.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { settledTreeBytes } from '../measure/settled-memory.mjs';
import { median } from '../measure/statistics.mjs';
import { startBrokers } from '../processes/others/brokers.mjs';
import { pidOf, startStack } from '../processes/stack.mjs';
import { startReady, stop } from '../processes/start.mjs';

/** Devices whose CONNACK is waited for at a time. */
const outstanding = 100;
/** Of a publish, a POST, a CoAP request. */
const uploading = 50;

/** @typedef {import('../report.mjs').Finding} Finding */
/** @typedef {import('../processes/others/brokers.mjs').Broker} Broker */
/** @typedef {{ devices: number, messages: number, repeats: number }} Options */

/**
 * What a user would pick instead, on the same work in the same run, in turns. What the others leave undone stands beside each.
 * @param {Options} options @returns {Promise<Finding[]>}
 */
export async function othersScenario(options) {
  return [
    ...(await overMqtt(options)),
    ...(await overHttp({ ...options, devices: uploading })),
    ...(await overCoap({ ...options, devices: uploading })),
  ];
}

/** @param {Options} options @returns {Promise<Finding[]>} */
async function overMqtt({ devices, messages, repeats }) {
  /** @type {Broker[]} */
  const brokers = [];
  try {
    await startBrokers(devices, brokers);
    const each = Math.ceil(messages / uploading);
    const measured = brokers.map((broker) => ({
      broker,
      runs: /** @type {Awaited<ReturnType<typeof run>>[]} */ ([]),
      bytes: 0,
    }));
    // First, while they are as they began: who served many before has room for some.
    for (const one of measured) one.bytes = await idleBytes(one.broker, devices);
    for (let repeat = -1; repeat < repeats; repeat++)
      for (const { broker, runs } of measured) {
        const once = await run(broker, devices, each);
        // The first round is for warming up.
        if (repeat >= 0) runs.push(once);
      }
    return findingsOf(measured, devices);
  } finally {
    for (const broker of brokers) await broker.stop();
  }
}

/** Connects all, has some publish, and cuts all. @param {Broker} broker @param {number} devices @param {number} each */
async function run({ port, pids, delivered, told, reset, cutAll }, devices, each) {
  await reset();
  /** @type {import('../load/mqtt-device.mjs').Device[]} */
  let connected = [];
  const connect = await measureCpu({ it: pids }, async () => {
    connected = await inParallel(devices, outstanding, (index) => connectDevice(port, index));
    await told('connected', devices);
  });
  const publishing = connected.slice(0, uploading);
  const total = publishing.length * each;
  const upload = await measureCpu({ it: pids }, async () => {
    await Promise.all(publishing.map((device) => publish(device, 1, each)));
    await delivered(total);
  });
  await cutAll(connected);
  return {
    connectMs: connect.cpuMs.it / devices,
    connectsPerSecond: (devices / connect.elapsedMs) * 1_000,
    publishUs: (upload.cpuMs.it / total) * 1_000,
    publishesPerSecond: (total / upload.elapsedMs) * 1_000,
  };
}

/** What each connection that is open and silent adds, after a warm-up that lets be allocated what is there once. @param {Broker} broker @param {number} devices */
async function idleBytes({ port, pids, told, reset, cutAll }, devices) {
  await reset();
  const few = Math.min(devices, 50);
  await cutAll(await inParallel(few, few, (index) => connectDevice(port, index)));
  await reset();
  const before = await settledTreeBytes(pids);
  const connected = await inParallel(devices, outstanding, (index) => connectDevice(port, index));
  await told('connected', devices);
  const after = await settledTreeBytes(pids);
  await cutAll(connected);
  return (after - before) / devices;
}

/**
 * @param {{ broker: Broker, runs: Awaited<ReturnType<typeof run>>[], bytes: number }[]} measured ours first
 * @param {number} devices @returns {Finding[]}
 */
function findingsOf([mine, ...others], devices) {
  if (!mine) return [];
  const of = (/** @type {typeof mine} */ { runs }, /** @type {keyof (typeof mine.runs)[number]} */ name) =>
    median(runs.map((one) => one[name]));
  const ratio = (/** @type {typeof mine} */ other, /** @type {'connectMs' | 'publishUs'} */ name) =>
    median(mine.runs.map((one, round) => one[name] / (other.runs[round]?.[name] ?? Number.NaN)));
  return others.flatMap((other) => [
    {
      what: `MQTT connect beside ${other.broker.name}, ${devices} devices`,
      figures: {
        'ours, 1/s': of(mine, 'connectsPerSecond'),
        'it, 1/s': of(other, 'connectsPerSecond'),
        'ours, ms CPU': of(mine, 'connectMs'),
        'it, ms CPU': of(other, 'connectMs'),
      },
      ratio: { name: 'ours to it, CPU', value: ratio(other, 'connectMs') },
      lacks: other.broker.lacks,
    },
    {
      what: `MQTT publish, QoS 1, beside ${other.broker.name}, ${uploading} devices`,
      figures: {
        'ours, 1/s': of(mine, 'publishesPerSecond'),
        'it, 1/s': of(other, 'publishesPerSecond'),
        'ours, µs CPU': of(mine, 'publishUs'),
        'it, µs CPU': of(other, 'publishUs'),
      },
      ratio: { name: 'ours to it, CPU', value: ratio(other, 'publishUs') },
    },
    {
      what: `memory of an idle MQTT connection beside ${other.broker.name}, ${devices} devices`,
      figures: { 'ours, kB each': mine.bytes / 1_000, 'it, kB each': other.bytes / 1_000 },
      ratio: { name: 'ours to it, memory', value: mine.bytes / other.bytes },
    },
  ]);
}

/** @param {Options} options @returns {Promise<Finding[]>} */
async function overHttp({ devices, messages, repeats }) {
  const stack = await startStack('http', devices);
  const fastify = await startReady('bench/processes/bare-fastify.mjs', []);
  const pids = { ours: stack.pids.adapter, it: pidOf(fastify.child) };
  const each = Math.ceil(messages / devices);
  const all = (/** @type {number} */ port) =>
    measureCpu(pids, async () => {
      await Promise.all(Array.from({ length: devices }, (_, index) => post(port, index, each)));
    });
  try {
    const runs = [];
    for (let repeat = -1; repeat < repeats; repeat++) {
      const once = { ours: await all(stack.port), it: await all(Number(fastify.message)) };
      if (repeat >= 0) runs.push(once);
    }
    const lacks = 'checks no password, hands nothing on, tells nobody who is there';
    return [inTurns(`HTTP POST beside bare fastify, ${devices} devices`, runs, each * devices, lacks)];
  } finally {
    await stop(fastify.child);
    await stack.stop();
  }
}

/** @param {Options} options @returns {Promise<Finding[]>} */
async function overCoap({ devices, messages, repeats }) {
  const stack = await startStack('coap', devices);
  const other = await startReady('bench/processes/coap-package.mjs', []);
  const pids = { ours: stack.pids.adapter, it: pidOf(other.child) };
  const { port } = /** @type {{ port: number }} */ (other.message);
  const each = Math.ceil(messages / devices);
  try {
    const toOurs = await inParallel(devices, devices, (index) =>
      openSecureDevice({ port: stack.port }, index),
    );
    const toIt = await inParallel(devices, devices, (index) => openPlainDevice(port, index));
    const all = (/** @type {typeof toOurs} */ connected) =>
      measureRequests(connected, { path: 'telemetry', payloadBytes: 200, each }, (work) =>
        measureCpu(pids, work),
      );
    const runs = [];
    for (let repeat = -1; repeat < repeats; repeat++) {
      const once = { ours: await all(toOurs), it: await all(toIt) };
      if (repeat >= 0) runs.push(once);
    }
    const lacks = 'has no DTLS, knows nobody, hands nothing on, tells nobody who is there';
    return [inTurns(`CoAP POST beside the coap package, ${devices} devices`, runs, each * devices, lacks)];
  } finally {
    await stop(other.child);
    await stack.stop();
  }
}

/**
 * @typedef {{ elapsedMs: number, cpuMs: { ours: number, it: number } }} Usage
 * @param {string} what @param {readonly { ours: Usage, it: Usage }[]} runs @param {number} total @param {string} lacks
 * @returns {Finding}
 */
function inTurns(what, runs, total, lacks) {
  const of = (/** @type {'ours' | 'it'} */ who) => ({
    perSecond: (total / median(runs.map((one) => one[who].elapsedMs))) * 1_000,
    micros: (median(runs.map((one) => one[who].cpuMs[who])) / total) * 1_000,
  });
  const [mine, other] = [of('ours'), of('it')];
  return {
    what,
    figures: {
      'ours, 1/s': mine.perSecond,
      'it, 1/s': other.perSecond,
      'ours, µs CPU': mine.micros,
      'it, µs CPU': other.micros,
    },
    ratio: {
      name: 'ours to it, CPU',
      value: median(runs.map((one) => one.ours.cpuMs.ours / one.it.cpuMs.it)),
    },
    lacks,
  };
}

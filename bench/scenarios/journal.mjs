import { atRate, inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut } from '../load/mqtt-device.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median, percentile } from '../measure/statistics.mjs';
import { startStack } from '../processes/stack.mjs';
import { ask } from '../processes/start.mjs';

const outstanding = 100;
/** Connects a second of the paced phase: far below what the slowest of them can do. */
const pacedPerSecond = 1_000;

/** The journals that are compared, and what the adapter is told for each. */
const journals = {
  file: {},
  'file, power': { ROLLCALL_JOURNAL_DURABILITY: 'power' },
  memory: { ROLLCALL_JOURNAL_KIND: 'memory' },
  'logging alone': {
    ROLLCALL_JOURNAL_KIND: 'memory',
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging',
    ROLLCALL_LOG_LEVEL: 'info',
  },
};

/**
 * What the journal costs: the same storm of devices that connect, against adapters with different journals, in turns; then at
 * a calm rate, for the time from CONNECT to CONNACK.
 * @param {{ devices: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function journalScenario({ devices, repeats }) {
  const variants = await Promise.all(
    Object.entries(journals).map(async ([name, environment]) => ({
      name,
      stack: await startStack('mqtt', devices, environment),
      cpuMs: /** @type {number[]} */ ([]),
      acceptedAfterMs: /** @type {number[]} */ ([]),
    })),
  );

  /** @param {(typeof variants)[number]} variant @param {() => Promise<import('../load/mqtt-device.mjs').Device[]>} connectAll */
  async function measured({ name, stack }, connectAll) {
    await ask(stack.consumer, { type: 'reset' });
    /** @type {import('../load/mqtt-device.mjs').Device[]} */
    let connected = [];
    const { cpuMs } = await measureCpu({ adapter: stack.pids.adapter }, async () => {
      connected = await connectAll();
      if (name !== 'logging alone') await stack.arrived('connected', devices);
      // What is written when nobody is in a hurry belongs to the cost too.
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    await cut(connected);
    if (name !== 'logging alone') await stack.arrived('disconnected', devices);
    return { cpuMs: cpuMs.adapter, acceptedAfterMs: connected.map(({ acceptedAfterMs }) => acceptedAfterMs) };
  }

  const storm = (/** @type {number} */ port) =>
    inParallel(devices, outstanding, (index) => connectDevice(port, index));
  const calm = (/** @type {number} */ port) =>
    atRate(devices, pacedPerSecond, (index) => connectDevice(port, index));

  try {
    for (let repeat = -1; repeat < repeats; repeat++) {
      for (const variant of variants) {
        const { cpuMs } = await measured(variant, () => storm(variant.stack.port));
        const { acceptedAfterMs } = await measured(variant, () => calm(variant.stack.port));
        // The first round is for warming up.
        if (repeat < 0) continue;
        variant.cpuMs.push(cpuMs / devices);
        variant.acceptedAfterMs.push(...acceptedAfterMs);
      }
    }
    const inMemory = variants.find(({ name }) => name === 'memory')?.cpuMs ?? [];
    return variants.map(({ name, cpuMs, acceptedAfterMs }) => ({
      what: `journal: ${name}, ${devices} devices`,
      figures: {
        'adapter per connect, ms CPU': median(cpuMs),
        'CONNECT to CONNACK p50, ms': percentile(acceptedAfterMs, 0.5),
        'p99, ms': percentile(acceptedAfterMs, 0.99),
      },
      ratio: {
        name: 'to memory, CPU',
        value: median(cpuMs.map((value, repeat) => value / (inMemory[repeat] ?? Number.NaN))),
        ...(name === 'file' && { aim: 1.2 }),
      },
    }));
  } finally {
    for (const { stack } of variants) await stack.stop();
  }
}

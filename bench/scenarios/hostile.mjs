import { connectAmqpDevice, cutAmqp, upload } from '../load/amqp-device.mjs';
import { inParallel } from '../load/in-parallel.mjs';
import { percentile } from '../measure/statistics.mjs';
import { startStack } from '../processes/stack.mjs';
import { ask, startReady, stop } from '../processes/start.mjs';

const conversations = 2_000;
const calmMs = 3_000;
const pauseMs = 10;
/** Within which the last events are at the consumer. */
const settleMs = 1_000;

/**
 * Devices that upload over AMQP 1.0, each again a moment after the last message was accepted: in calm, and while others send
 * mutated conversations and crafted frames, 25 at a time. How late the adapter's event loop is, and what the devices notice.
 * @param {{ devices: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function hostileScenario({ devices }) {
  const stack = await startStack('amqp', devices);
  const attacker = await startReady('bench/processes/hostile-amqp.mjs', [String(stack.port)]);
  const honest = await inParallel(devices, 10, (index) => connectAmqpDevice(stack.port, index));

  /** What devices and event loop noticed while something went on. @param {() => Promise<unknown>} whatGoesOn */
  async function noticed(whatGoesOn) {
    /** @type {number[]} */
    const acceptedAfterMs = [];
    let over = false;
    const use = async (/** @type {(typeof honest)[number]} */ device) => {
      for (;;) {
        if (over) return;
        const begun = performance.now();
        await upload(device, 1);
        acceptedAfterMs.push(performance.now() - begun);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    await ask(stack.adapter, { type: 'lag' });
    const using = Promise.all(honest.map(use));
    const begun = performance.now();
    await Promise.race([whatGoesOn(), using]);
    const elapsedMs = performance.now() - begun;
    over = true;
    await using;
    const lagMs = /** @type {{ p50: number, p99: number, max: number }} */ (
      await ask(stack.adapter, { type: 'lag' })
    );
    return { acceptedAfterMs, lagMs, elapsedMs };
  }

  const calmFor = (/** @type {number} */ ms) => () => new Promise((resolve) => setTimeout(resolve, ms));
  try {
    await noticed(calmFor(calmMs / 3));
    const calm = await noticed(calmFor(calmMs));
    await ask(stack.consumer, { type: 'reset' });
    const attacked = await noticed(() => ask(attacker.child, { conversations }));
    // Most leave, or are refused, before the adapter has answered their Open.
    await calmFor(settleMs)();
    const { disconnected } = /** @type {{ disconnected: number }} */ (
      await ask(stack.consumer, { type: 'count' })
    );
    await cutAmqp(honest);
    return [
      finding(`AMQP, ${devices} devices in calm`, calm),
      finding(
        `the same beside ${conversations} hostile conversations, ${Math.round((conversations / attacked.elapsedMs) * 1_000)} a second`,
        attacked,
        { 'of them connected': disconnected },
      ),
    ];
  } finally {
    await stop(attacker.child);
    await stack.stop();
  }
}

/**
 * @param {string} what
 * @param {{ acceptedAfterMs: number[], lagMs: { p50: number, p99: number, max: number }, elapsedMs: number }} noticed
 * @param {Record<string, number>} [more] figures
 * @returns {import('../report.mjs').Finding}
 */
function finding(what, { acceptedAfterMs, lagMs, elapsedMs }, more = {}) {
  return {
    what,
    figures: {
      'uploads, 1/s': (acceptedAfterMs.length / elapsedMs) * 1_000,
      'upload accepted p50, ms': percentile(acceptedAfterMs, 0.5),
      'p99, ms': percentile(acceptedAfterMs, 0.99),
      'event loop late p50, ms': lagMs.p50,
      'worst, ms': lagMs.max,
      ...more,
    },
    ratio: { name: 'event loop late p99, ms', value: lagMs.p99 },
  };
}

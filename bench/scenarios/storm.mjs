import { connectDevice, publish } from '../load/mqtt-device.mjs';
import { residentBytes } from '../measure/process-usage.mjs';
import { percentile } from '../measure/statistics.mjs';
import { cutAll } from '../processes/cut-all.mjs';
import { startStack } from '../processes/stack.mjs';

/**
 * Devices that all come back at the same moment, and one that is connected already and publishes all the while.
 * @param {{ devices: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function stormScenario({ devices }) {
  const stack = await startStack('mqtt', devices + 1);
  try {
    const before = residentBytes(stack.pids.adapter);
    const witness = await connectDevice(stack.port, devices);
    /** @type {number[]} */
    const answeredAfterMs = [];
    let peakBytes = before;
    let over = false;
    const witnessing = (async () => {
      for (;;) {
        if (over) return;
        const begun = performance.now();
        await publish(witness, 1, 1);
        answeredAfterMs.push(performance.now() - begun);
        peakBytes = Math.max(peakBytes, residentBytes(stack.pids.adapter));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const calm = answeredAfterMs.splice(0);

    const begun = performance.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: devices }, (_, index) => connectDevice(stack.port, index)),
    );
    const elapsedMs = performance.now() - begun;
    over = true;
    await witnessing;
    const connected = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await cutAll(stack, [witness, ...connected]);
    return [
      {
        what: `storm, ${devices} devices at once`,
        figures: {
          connected: connected.length,
          'all answered after, s': elapsedMs / 1_000,
          'memory at the peak, MB': peakBytes / 1_048_576,
          'more than before, kB per device': (peakBytes - before) / 1_024 / devices,
          'PUBACK of a connected device in calm p50, ms': percentile(calm, 0.5),
          'in the storm p50, ms': percentile(answeredAfterMs, 0.5),
          'worst, ms': percentile(answeredAfterMs, 1),
        },
        ratio: { name: 'PUBACK in the storm p99, ms', value: percentile(answeredAfterMs, 0.99) },
      },
    ];
  } finally {
    await stack.stop();
  }
}

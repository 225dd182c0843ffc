import { inParallel } from '../load/in-parallel.mjs';
import { connectDevice, cut } from '../load/mqtt-device.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median } from '../measure/statistics.mjs';
import { startRegistryService } from '../processes/registry-service.mjs';
import { pidOf, startStack } from '../processes/stack.mjs';
import { ask } from '../processes/start.mjs';

/** Devices whose CONNACK is waited for at a time. */
const outstanding = 100;

/**
 * What a connect costs an adapter that asks a registry service, the first time and when answers are kept, beside one with a file. Both
 * adapters have seen as many other devices before.
 * @param {{ devices: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function registryServiceScenario({ devices, repeats }) {
  // The first ones warm the code up; each repetition has its own, which nobody asked for before.
  const all = devices * (repeats + 1);
  const service = await startRegistryService('mqtt', all);
  const onFile = await startStack('mqtt', all);
  const onService = await startStack('mqtt', all, service.environment);
  const pids = { file: onFile.pids.adapter, service: onService.pids.adapter, registry: pidOf(service.child) };

  /** @param {typeof onFile} stack @param {number} part */
  async function storm(stack, part) {
    await ask(stack.consumer, { type: 'reset' });
    const usage = await measureCpu(pids, async () => {
      const connect = (/** @type {number} */ index) => connectDevice(stack.port, part * devices + index);
      const connected = await inParallel(devices, outstanding, connect);
      await stack.arrived('connected', devices);
      await cut(connected);
      await stack.arrived('disconnected', devices);
    });
    return { ...usage, perSecond: (devices / usage.elapsedMs) * 1_000 };
  }

  try {
    for (let round = 0; round < 3; round++) for (const stack of [onFile, onService]) await storm(stack, 0);
    const runs = [];
    for (let part = 1; part <= repeats; part++)
      runs.push({
        file: await storm(onFile, part),
        cold: await storm(onService, part),
        warm: await storm(onService, part),
      });
    const cpu = (/** @type {'file' | 'cold' | 'warm'} */ of) =>
      median(runs.map((run) => run[of].cpuMs[of === 'file' ? 'file' : 'service'] / devices));
    const ratios = (/** @type {'cold' | 'warm'} */ of) =>
      median(runs.map((run) => run[of].cpuMs.service / run.file.cpuMs.file));
    const rate = (/** @type {'file' | 'cold' | 'warm'} */ of) => median(runs.map((run) => run[of].perSecond));
    return [
      {
        what: `connect with answers that are kept, ${devices} devices`,
        figures: {
          'adapter with a file, ms CPU': cpu('file'),
          'adapter, ms CPU': cpu('warm'),
          'rate, 1/s': rate('warm'),
        },
        ratio: { name: 'to an adapter with a file, CPU', value: ratios('warm'), aim: 1.1 },
      },
      {
        what: `connect for the first time, ${devices} devices`,
        figures: {
          'adapter, ms CPU': cpu('cold'),
          'registry, ms CPU': median(runs.map(({ cold }) => cold.cpuMs.registry / devices)),
          'rate, 1/s': rate('cold'),
          'rate with a file, 1/s': rate('file'),
        },
        ratio: { name: 'to an adapter with a file, CPU', value: ratios('cold'), aim: 2 },
      },
    ];
  } finally {
    for (const each of [onService, onFile, service]) await each.stop();
  }
}

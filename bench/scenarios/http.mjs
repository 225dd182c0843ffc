import { post } from '../load/http-client.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median } from '../measure/statistics.mjs';
import { pidOf, startStack } from '../processes/stack.mjs';
import { startReady, stop } from '../processes/start.mjs';

/**
 * Telemetry of 200 bytes by POST with QoS 1, to a consumer; beside it, bare fastify answering the same requests with 202.
 * @param {{ devices: number, messages: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function httpScenario({ devices, messages, repeats }) {
  const stack = await startStack('http', devices);
  const floor = await startReady('bench/processes/bare-fastify.mjs', []);
  const pids = { ...stack.pids, floor: pidOf(floor.child) };
  try {
    const each = Math.ceil(messages / devices);
    const total = each * devices;
    const all = (/** @type {number} */ port) =>
      measureCpu(pids, async () => {
        await Promise.all(Array.from({ length: devices }, (_, index) => post(port, index, each)));
      });
    await all(stack.port);
    await all(Number(floor.message));
    const runs = [];
    for (let repeat = 0; repeat < repeats; repeat++)
      runs.push({ adapter: await all(stack.port), floor: await all(Number(floor.message)) });

    const micros = (/** @type {number[]} */ values) => (median(values) / total) * 1_000;
    return [
      {
        what: `HTTP POST, QoS 1, ${devices} devices`,
        figures: {
          'rate, 1/s': (total / median(runs.map(({ adapter }) => adapter.elapsedMs))) * 1_000,
          'adapter, µs CPU': micros(runs.map(({ adapter }) => adapter.cpuMs.adapter)),
          'network, µs CPU': micros(runs.map(({ adapter }) => adapter.cpuMs.network)),
          'consumer, µs CPU': micros(runs.map(({ adapter }) => adapter.cpuMs.consumer)),
          'bare fastify, µs CPU': micros(runs.map((run) => run.floor.cpuMs.floor)),
        },
        ratio: {
          name: 'adapter to bare fastify, CPU',
          value: median(runs.map((run) => run.adapter.cpuMs.adapter / run.floor.cpuMs.floor)),
          aim: 2,
        },
      },
    ];
  } finally {
    await stop(floor.child);
    await stack.stop();
  }
}

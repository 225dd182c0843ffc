import { post } from '../load/http-client.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median } from '../measure/statistics.mjs';
import { pidOf, startStack, tenant } from '../processes/stack.mjs';
import { startFloor, stop } from '../processes/start.mjs';

/**
 * Telemetry of 200 bytes by POST with QoS 1, to a consumer; beside it, bare fastify answering the same requests with 202, at once and
 * once it authenticated the device and a message of its own was accepted by the same network.
 * @param {{ devices: number, messages: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function httpScenario({ devices, messages, repeats }) {
  const stack = await startStack('http', devices);
  const floor = await startFloor('bench/processes/bare-fastify.mjs', []);
  const sending = await startFloor('bench/processes/sending-fastify.mjs', [
    String(stack.networkPort),
    `telemetry/${tenant}`,
    String(devices),
  ]);
  const pids = { ...stack.pids, floor: pidOf(floor.child), sending: pidOf(sending.child) };
  try {
    const each = Math.ceil(messages / devices);
    const total = each * devices;
    const all = (/** @type {number} */ port) =>
      measureCpu(pids, async () => {
        await Promise.all(Array.from({ length: devices }, (_, index) => post(port, index, each)));
      });
    const round = async () => ({
      adapter: await all(stack.port),
      floor: await all(Number(floor.message)),
      sending: await all(Number(sending.message)),
    });
    // For warming up.
    await round();
    const runs = [];
    for (let repeat = 0; repeat < repeats; repeat++) runs.push(await round());

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
          'fastify that sends, µs CPU': micros(runs.map((run) => run.sending.cpuMs.sending)),
        },
        ratio: {
          name: 'adapter to bare fastify, CPU',
          value: median(runs.map((run) => run.adapter.cpuMs.adapter / run.floor.cpuMs.floor)),
          aim: 2.2,
        },
      },
      {
        what: 'the same',
        figures: {},
        ratio: {
          name: 'adapter to fastify that authenticates and sends, CPU',
          value: median(runs.map((run) => run.adapter.cpuMs.adapter / run.sending.cpuMs.sending)),
          aim: 1.3,
        },
      },
    ];
  } finally {
    await stop(sending.child);
    await stop(floor.child);
    await stack.stop();
  }
}

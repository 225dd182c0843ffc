import { inParallel } from '../load/in-parallel.mjs';
import { connectDevice, publish } from '../load/mqtt-device.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median } from '../measure/statistics.mjs';
import { pidOf, startStack, tenant } from '../processes/stack.mjs';
import { ask, startFloor, stop } from '../processes/start.mjs';

/**
 * Telemetry of 200 bytes over MQTT, to a consumer; beside it, bare aedes taking the same PUBLISHes, and bare rhea sending as
 * many messages to the same network, one in flight for each device, and waiting for their outcomes.
 * @param {{ qos: 0 | 1, devices: number, messages: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function publishScenario({ qos, devices, messages, repeats }) {
  const stack = await startStack('mqtt', devices);
  const aedes = await startFloor('bench/processes/bare-aedes.mjs', []);
  const rhea = await startFloor('bench/processes/bare-rhea.mjs', [
    String(stack.networkPort),
    `telemetry/${tenant}`,
  ]);
  const pids = { ...stack.pids, aedes: pidOf(aedes.child), rhea: pidOf(rhea.child) };
  try {
    const toAdapter = await inParallel(devices, 50, (index) => connectDevice(stack.port, index));
    const toAedes = await inParallel(devices, 50, (index) => connectDevice(Number(aedes.message), index));
    const each = Math.ceil(messages / devices);
    const total = each * devices;
    const all = (/** @type {typeof toAdapter} */ connected) =>
      measureCpu(pids, () =>
        Promise.all(connected.map((device) => publish(device, qos, each))).then(() => {}),
      );
    const send = () =>
      measureCpu(pids, () => ask(rhea.child, { messages: total, window: devices }).then(() => {}));

    await all(toAdapter);
    await all(toAedes);
    await send();
    const runs = [];
    for (let repeat = 0; repeat < repeats; repeat++)
      runs.push({ adapter: await all(toAdapter), aedes: await all(toAedes), rhea: await send() });

    const micros = (/** @type {number[]} */ values) => (median(values) / total) * 1_000;
    return [
      {
        what: `publish, QoS ${qos}, ${devices} devices`,
        figures: {
          'rate, 1/s': (total / median(runs.map(({ adapter }) => adapter.elapsedMs))) * 1_000,
          'adapter, µs CPU': micros(runs.map(({ adapter }) => adapter.cpuMs.adapter)),
          'network, µs CPU': micros(runs.map(({ adapter }) => adapter.cpuMs.network)),
          'consumer, µs CPU': micros(runs.map(({ adapter }) => adapter.cpuMs.consumer)),
          'bare aedes, µs CPU': micros(runs.map((run) => run.aedes.cpuMs.aedes)),
          'bare rhea, µs CPU': micros(runs.map((run) => run.rhea.cpuMs.rhea)),
        },
        ratio: {
          name: 'adapter to bare aedes and bare rhea, CPU',
          value: median(
            runs.map((run) => run.adapter.cpuMs.adapter / (run.aedes.cpuMs.aedes + run.rhea.cpuMs.rhea)),
          ),
          ...(qos === 1 && { aim: 1.15 }),
        },
      },
    ];
  } finally {
    await stop(aedes.child);
    await stop(rhea.child);
    await stack.stop();
  }
}

import { connectAmqpDevice, cutAmqp, upload } from '../load/amqp-device.mjs';
import { inParallel } from '../load/in-parallel.mjs';
import { measureCpu } from '../measure/process-usage.mjs';
import { median } from '../measure/statistics.mjs';
import { pidOf, startStack, tenant } from '../processes/stack.mjs';
import { ask, startFloor, stop } from '../processes/start.mjs';

/**
 * Devices over AMQP 1.0: they connect, each with one link, and send telemetry of 200 bytes, each the next once the one before was
 * accepted; beside it, bare rhea accepting the same connections and messages, and bare rhea sending as many to the network.
 * @param {{ devices: number, messages: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function amqpScenario({ devices, messages, repeats }) {
  const stack = await startStack('amqp', devices);
  const accepting = await startFloor('bench/processes/bare-rhea-network.mjs', []);
  const sending = await startFloor('bench/processes/bare-rhea.mjs', [
    String(stack.networkPort),
    `telemetry/${tenant}`,
  ]);
  const pids = { ...stack.pids, accepting: pidOf(accepting.child), sending: pidOf(sending.child) };
  const each = Math.ceil(messages / devices);
  const total = each * devices;

  /** Connects all, has all upload, and cuts them. @param {number} port @param {() => Promise<void>} connectedAtNetwork */
  async function measured(port, connectedAtNetwork) {
    /** @type {import('../load/amqp-device.mjs').AmqpDevice[]} */
    let connected = [];
    const connect = await measureCpu(pids, async () => {
      connected = await inParallel(devices, 50, (index) => connectAmqpDevice(port, index));
      await connectedAtNetwork();
    });
    const uploads = await measureCpu(pids, async () => {
      await Promise.all(connected.map((device) => upload(device, each)));
    });
    await cutAmqp(connected);
    return { connect, uploads };
  }

  const toAdapter = async () => {
    await ask(stack.consumer, { type: 'reset' });
    const usage = await measured(stack.port, () => stack.arrived('connected', devices));
    await stack.arrived('disconnected', devices);
    return usage;
  };
  const toFloor = () => measured(Number(accepting.message), async () => {});
  const send = () =>
    measureCpu(pids, () => ask(sending.child, { messages: total, window: devices }).then(() => {}));

  try {
    const runs = [];
    for (let repeat = -1; repeat < repeats; repeat++) {
      const run = { adapter: await toAdapter(), floor: await toFloor(), sending: await send() };
      // The first round is for warming up.
      if (repeat >= 0) runs.push(run);
    }
    const perConnect = (/** @type {number[]} */ values) => median(values) / devices;
    const perMessage = (/** @type {number[]} */ values) => (median(values) / total) * 1_000;
    return [
      {
        what: `AMQP connect, ${devices} devices`,
        figures: {
          'adapter, ms CPU': perConnect(runs.map(({ adapter }) => adapter.connect.cpuMs.adapter)),
          'bare rhea, ms CPU': perConnect(runs.map(({ floor }) => floor.connect.cpuMs.accepting)),
        },
        ratio: {
          name: 'adapter to bare rhea, CPU',
          value: median(
            runs.map(({ adapter, floor }) => adapter.connect.cpuMs.adapter / floor.connect.cpuMs.accepting),
          ),
        },
      },
      {
        what: `AMQP upload, ${devices} devices`,
        figures: {
          'rate, 1/s': (total / median(runs.map(({ adapter }) => adapter.uploads.elapsedMs))) * 1_000,
          'adapter, µs CPU': perMessage(runs.map(({ adapter }) => adapter.uploads.cpuMs.adapter)),
          'network, µs CPU': perMessage(runs.map(({ adapter }) => adapter.uploads.cpuMs.network)),
          'bare rhea accepting, µs CPU': perMessage(runs.map(({ floor }) => floor.uploads.cpuMs.accepting)),
          'bare rhea sending, µs CPU': perMessage(runs.map((run) => run.sending.cpuMs.sending)),
        },
        ratio: {
          name: 'adapter to bare rhea accepting and sending, CPU',
          value: median(
            runs.map(
              (run) =>
                run.adapter.uploads.cpuMs.adapter /
                (run.floor.uploads.cpuMs.accepting + run.sending.cpuMs.sending),
            ),
          ),
          aim: 1.6,
        },
      },
    ];
  } finally {
    await stop(accepting.child);
    await stop(sending.child);
    await stack.stop();
  }
}

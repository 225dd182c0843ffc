import { measureCpu } from '../measure/process-usage.mjs';
import { median } from '../measure/statistics.mjs';
import { startProton } from '../processes/proton.mjs';
import { pidOf } from '../processes/stack.mjs';
import { ask, startReady, stop } from '../processes/start.mjs';

const window = 1_000;

/** Programs that send when they are told how many. */
const programs = {
  'device data': ['sender-rollcall.mjs', 'device-data'],
  'connection events': ['sender-rollcall.mjs', 'connection-events'],
  rhea: ['sender-rhea.mjs'],
  'rhea-promise': ['sender-rhea-promise.mjs'],
};

/**
 * CPU time of our senders for each message, with 1,000 in flight, to a network that accepts all; beside them, in turns, rhea,
 * rhea-promise's AwaitableSender and Proton's C library sending the same events of devices, each made from its parts.
 * @param {{ messages: number, repeats: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function senderScenario({ messages, repeats }) {
  const network = await startReady('bench/processes/bare-rhea-network.mjs', []);
  const port = Number(network.message);
  const proton = await startProton(port, window);
  const senders = await Promise.all(
    Object.entries(programs).map(async ([name, [file, ...args]]) => {
      const { child } = await startReady(`bench/processes/${file}`, [String(port), ...args]);
      const send = () => ask(child, { messages, window }).then(() => {});
      return { name, pid: pidOf(child), send, stop: () => stop(child) };
    }),
  );
  if (typeof proton !== 'string')
    senders.push({ ...proton, name: 'Proton C', send: () => proton.send(messages) });

  try {
    /** @type {Record<string, number[]>} CPU time of each message, in µs. */
    const micros = Object.fromEntries(senders.map(({ name }) => [name, []]));
    for (let repeat = -2; repeat < repeats; repeat++) {
      for (const { name, pid, send } of senders) {
        const { cpuMs } = await measureCpu({ sender: pid }, send);
        // The first rounds are for warming up.
        if (repeat >= 0) micros[name]?.push((cpuMs.sender / messages) * 1_000);
      }
    }
    const each = (/** @type {string} */ name) => median(micros[name] ?? []);
    const ratio = (/** @type {string} */ name, /** @type {string} */ floor) =>
      median((micros[name] ?? []).map((value, repeat) => value / (micros[floor]?.[repeat] ?? Number.NaN)));

    return [
      {
        what: `sender, device data, ${window} in flight`,
        figures: {
          'ours, µs CPU': each('device data'),
          'rhea, µs CPU': each('rhea'),
          'rhea-promise, µs CPU': each('rhea-promise'),
          'ours to rhea-promise': ratio('device data', 'rhea-promise'),
        },
        ratio: { name: 'ours to rhea, CPU', value: ratio('device data', 'rhea'), aim: 0.45 },
      },
      {
        what: 'the same',
        figures: typeof proton === 'string' ? {} : { 'Proton C, µs CPU': each('Proton C') },
        ratio: {
          name: 'ours to Proton C, CPU',
          value: typeof proton === 'string' ? proton : ratio('device data', 'Proton C'),
          aim: 2.2,
        },
      },
      {
        what: `sender, connection events, ${window} in flight`,
        figures: { 'ours, µs CPU': each('connection events') },
        ratio: {
          name: 'ours to rhea sending device data, CPU',
          value: ratio('connection events', 'rhea'),
        },
      },
    ];
  } finally {
    for (const sender of senders) await sender.stop();
    await stop(network.child);
  }
}

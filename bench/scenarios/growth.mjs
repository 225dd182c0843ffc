import { median } from '../measure/statistics.mjs';
import { mostConnections, startManyDevices } from '../processes/many-devices.mjs';

/** What an operation may cost with the most devices, times what it costs with the fewest. */
export const growth = 1.1;
/** Connects of a round, and devices that publish in it. */
const sample = 500;
const messagesEach = 4;
/** Whoever renews its lease costs less than who connects: more of them are needed for a figure. */
const renewals = 2_000;

/** @typedef {import('../report.mjs').Finding} Finding */
/** @typedef {import('../processes/many-devices.mjs').ManyDevices} ManyDevices */
/** @typedef {{ sizes: readonly number[], repeats: number, most?: number }} Options most of one process */

/**
 * What a connect, a publish and the renewal of a lease cost while more and more devices are connected, in turns with the same at an
 * adapter that has the fewest.
 * @param {Options} options sizes from few devices to many
 * @returns {Promise<Finding[]>}
 */
export async function growthScenario({ sizes, repeats, most = mostConnections() }) {
  const fitting = sizes.filter((size) => size <= most);
  const one = await ofSeries('MQTT, one process', fitting, repeats, sessions(1));
  const leases = await ofSeries('HTTP', sizes, repeats, httpLeases);
  if (fitting.length === sizes.length) return [...one, ...leases];
  // The limit of open files is that of a process.
  const processes = Math.ceil(Math.max(...sizes) / most);
  return [
    ...one,
    ...(await ofSeries(`MQTT, ${processes} processes`, sizes, repeats, sessions(processes))),
    ...leases,
  ];
}

/**
 * A way to have devices.
 * @typedef {object} Kind
 * @property {(devices: number) => Promise<ManyDevices>} start
 * @property {(many: ManyDevices, indices: readonly number[]) => Promise<number>} fill what it costs that these come, µs each
 * @property {Record<string, (many: ManyDevices, indices: readonly number[]) => Promise<number>>} operations µs each
 */

/** @param {number} processes @returns {Kind} */
function sessions(processes) {
  const connect = async (/** @type {ManyDevices} */ many, /** @type {readonly number[]} */ indices) => {
    await many.reset();
    return many.cost(indices.length, async () => {
      await many.told(indices, { type: 'connect' });
      await many.arrived('connected', indices.length);
    });
  };
  return {
    start: (devices) => startManyDevices('mqtt', devices, { processes }),
    fill: connect,
    operations: {
      async connect(many, indices) {
        const some = distinct(indices).slice(0, sample);
        await many.reset();
        await many.told(some, { type: 'cut' });
        await many.arrived('disconnected', some.length);
        return connect(many, some);
      },
      publish(many, indices) {
        // Others than those that just came again, where there are enough.
        const some = distinct(indices).slice(-sample);
        return many.cost(some.length * messagesEach, () =>
          many.told(some, { type: 'publish', each: messagesEach }),
        );
      },
    },
  };
}

/** @type {Kind} */
const httpLeases = {
  start: (devices) => startManyDevices('http', devices),
  async fill(many, indices) {
    await many.reset();
    return many.cost(indices.length, async () => {
      await many.told(indices, {});
      await many.arrived('connected', indices.length);
    });
  },
  operations: {
    'lease renewal': (many, indices) => many.cost(indices.length, () => many.told(indices, {})),
  },
};

/**
 * @param {string} what @param {readonly number[]} sizes @param {number} repeats @param {Kind} kind
 * @returns {Promise<Finding[]>}
 */
async function ofSeries(what, sizes, repeats, { start, fill, operations }) {
  const fewest = sizes[0] ?? 0;
  const control = await start(fewest);
  const many = await start(Math.max(...sizes));
  /** @type {Finding[]} */
  const findings = [];
  try {
    const few = upTo(0, fewest);
    await fill(control, few);
    let filled = 0;
    for (const size of sizes) {
      const filling = await fill(many, upTo(filled, size));
      filled = size;
      console.error(`measuring: growth, ${what}, ${size} devices`);
      for (const [name, operation] of Object.entries(operations)) {
        const rounds = [];
        for (let repeat = -1; repeat < repeats; repeat++) {
          const of = spread(size, repeat);
          // In turns, so that what else the machine does meets both.
          const one = await operation(control, spread(fewest, repeat));
          const round = { one, many: await operation(many, of) };
          // The first one is for warming up.
          if (repeat >= 0) rounds.push(round);
        }
        findings.push({
          what: `growth, ${what}: ${name}, ${size} devices`,
          figures: {
            'µs CPU': median(rounds.map((round) => round.many)),
            [`with ${fewest}, µs CPU`]: median(rounds.map((round) => round.one)),
            'as they came, µs CPU each': filling,
          },
          ratio: {
            name: `to ${fewest} devices, CPU`,
            value: median(rounds.map((round) => round.many / round.one)),
            ...(size > fewest && { aim: growth }),
          },
          point: { series: `${what}: ${name}`, x: size },
        });
      }
    }
  } finally {
    await control.stop();
    await many.stop();
  }
  return findings;
}

/** @param {readonly number[]} indices */
function distinct(indices) {
  return [...new Set(indices)];
}

/** @param {number} from @param {number} to */
function upTo(from, to) {
  return Array.from({ length: to - from }, (_, place) => from + place);
}

/** Devices for a round, each another one where there are enough, spread over all that are there. @param {number} size @param {number} round */
function spread(size, round) {
  // Prime, and so different for all that fit.
  return Array.from({ length: renewals }, (_, place) => ((place + (round + 1) * renewals) * 7_919) % size);
}

// Events folded into a store of the presence service, and bare inserts of the same rows into the same kind of store: what each costs.
import { begin, end } from '../load/presence-events.mjs';
import { openPostgres } from './presence-stores/postgres.mjs';
import { openSqlite } from './presence-stores/sqlite.mjs';

const [kind = '', directory = '', count = '10000', eventCount = '20000'] = process.argv.slice(2);
const devices = Number(count);
const events = Number(eventCount);
/** As the service writes them while more arrive than are written. */
const batchSize = kind === 'PostgreSQL' ? 500 : 200;
const warmUpBatches = 10;
/** Before anything is measured. */
const filledTogether = 2_000;
const filledByEvents = 10_000;
/** For how long the second connection of each lasts, ms. */
const openMs = devices;

const opened = await (kind === 'PostgreSQL' ? openPostgres() : openSqlite(directory));
const { store, floor, bytes } = opened;
/** Devices that come by events; others are made from their rows, where that saves time. */
const byEvents = opened.multiply && devices % filledByEvents === 0 ? filledByEvents : devices;

/** The connection that each device has; those that follow have greater numbers. Each had one before: rows have their size. */
const connectionOf = Int32Array.from({ length: devices }, (_, device) => devices + device);
let begun = 2 * devices;
await inBatches(
  2 * byEvents,
  (number) =>
    number % 2 === 0 ? end(number >> 1, number >> 1, openMs) : begin(number >> 1, devices + (number >> 1)),
  [store, floor],
);
if (byEvents < devices) await opened.multiply?.(byEvents, devices);
const ofDevices = await bytes();
const inOrder = await cost((/** @type {number} */ number) => number % devices);
// No two that follow each other stand beside each other: what a storm after a network's loss is like.
const atRandom = await cost((/** @type {number} */ number) => (number * 7_368_787) % devices);
const vacuumUs = (await opened.vacuumMsPerEvent()) * 1_000;
const figures = {
  'folded, events/s': events / inOrder.folded.seconds,
  'folded, µs CPU per event': (inOrder.folded.cpuMs * 1_000) / events + vacuumUs,
  'of that, vacuum': vacuumUs,
  'bare inserts, µs CPU per event': (inOrder.bare.cpuMs * 1_000) / events,
  'pages written per event': inOrder.pages,
  'longest batch, ms CPU of this process': inOrder.longestMs,
  'at random: folded, events/s': events / atRandom.folded.seconds,
  'at random: folded, µs CPU per event': (atRandom.folded.cpuMs * 1_000) / events + vacuumUs,
  'at random: bare inserts, µs CPU per event': (atRandom.bare.cpuMs * 1_000) / events,
  'at random: pages written per event': atRandom.pages,
  'at random: longest batch, ms CPU of this process': atRandom.longestMs,
  'on disk per device, bytes': ofDevices / devices,
  'per connection of the history, bytes': ((await bytes()) - ofDevices) / (begun - 2 * devices),
  'memory, MB': process.memoryUsage().rss / 1_000_000,
};
await opened.close();
process.send?.(figures);

/** Devices leave, and come again. @param {(number: number) => number} deviceOf which is the next one */
async function cost(deviceOf) {
  const next = (/** @type {number} */ number) => {
    const device = deviceOf(number >> 1);
    const connection = connectionOf[device];
    if (number % 2 === 0) return end(device, connection, openMs);
    connectionOf[device] = begun;
    begun += 1;
    return begin(device, begun - 1);
  };
  await opened.settle();
  const warmUp = warmUpBatches * batchSize;
  await inBatches(warmUp, next, [store, floor]);
  const folded = { seconds: 0, cpuMs: 0, longestMs: 0 };
  const bare = { seconds: 0, cpuMs: 0, longestMs: 0 };
  // In turns, so that what else the machine does meets both.
  for (let from = warmUp; from < warmUp + events; from += batchSize) {
    const batch = Array.from({ length: batchSize }, (_, index) => next(from + index));
    await measured(folded, () => store.apply(batch));
    await measured(bare, () => floor.apply(batch));
  }
  await bytes();
  await inBatches(batchSize, next, [store]);
  const written = opened.pages();
  return {
    folded,
    bare,
    // What is undefined does not cross to the parent.
    pages: written === undefined ? undefined : written / batchSize,
    longestMs: folded.longestMs,
  };
}

/** @param {{ seconds: number, cpuMs: number, longestMs: number }} used @param {() => Promise<void>} work */
async function measured(used, work) {
  const before = opened.cpuMs();
  const own = process.cpuUsage();
  const at = performance.now();
  await work();
  used.seconds += (performance.now() - at) / 1_000;
  const { user, system } = process.cpuUsage(own);
  used.longestMs = Math.max(used.longestMs, (user + system) / 1_000);
  used.cpuMs += opened.cpuMs() - before;
}

/**
 * @param {number} length @param {(index: number) => object} eventOf
 * @param {readonly { apply(events: readonly object[]): Promise<void> }[]} stores
 */
async function inBatches(length, eventOf, stores) {
  const together = length > 100 * batchSize ? filledTogether : batchSize;
  for (let from = 0; from < length; from += together) {
    const size = Math.min(together, length - from);
    const batch = Array.from({ length: size }, (_, index) => eventOf(from + index));
    for (const each of stores) await each.apply(batch);
  }
}

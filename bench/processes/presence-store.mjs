// Events folded into the store of the presence service, and bare inserts of the same rows into the same kind of store: what each costs.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@rollcall/core';

const [directory = '', count = '10000', eventCount = '20000'] = process.argv.slice(2);
const devices = Number(count);
const events = Number(eventCount);
/** As the service writes them while more arrive than are written. */
const batchSize = 500;
const warmUpBatches = 10;
const begunMs = Date.now() - 86_400_000;

const app = new URL('../../apps/presence/dist/store/sqlite/sqlite-store.js', import.meta.url).href;
const { SqliteStore } = await import(app);

const file = join(directory, 'presence.db');
const store = new SqliteStore({ file, clock: systemClock, announceIntervalMs: 3_600_000 });
const floorFile = join(directory, 'floor.db');
const floor = openFloor(floorFile);

/** The connection that each device has; those that follow have greater numbers. Each had one before: rows have their size. */
const connectionOf = Int32Array.from({ length: devices }, (_, device) => devices + device);
let begun = 2 * devices;
await inBatches(
  2 * devices,
  (number) =>
    number % 2 === 0 ? end(number >> 1, number >> 1) : begin(number >> 1, devices + (number >> 1)),
  [store, floor],
);
const ofDevices = sizeOf(file);
const inOrder = await cost((/** @type {number} */ number) => number % devices);
// No two that follow each other stand beside each other: what a storm after a network's loss is like.
const atRandom = await cost((/** @type {number} */ number) => (number * 7_368_787) % devices);
process.send?.({
  'folded, events/s': events / inOrder.folded.seconds,
  'folded, µs CPU per event': (inOrder.folded.cpuMs * 1_000) / events,
  'bare inserts, µs CPU per event': (inOrder.bare.cpuMs * 1_000) / events,
  'pages written per event': inOrder.pages,
  'at random: folded, events/s': events / atRandom.folded.seconds,
  'at random: folded, µs CPU per event': (atRandom.folded.cpuMs * 1_000) / events,
  'at random: bare inserts, µs CPU per event': (atRandom.bare.cpuMs * 1_000) / events,
  'at random: pages written per event': atRandom.pages,
  'on disk per device, bytes': ofDevices / devices,
  'per connection of the history, bytes': (sizeOf(file) - ofDevices) / (begun - 2 * devices),
  'memory, MB': process.memoryUsage().rss / 1_000_000,
});
await store.close();
floor.close();

/** Devices leave, and come again. @param {(number: number) => number} deviceOf which is the next one */
async function cost(deviceOf) {
  const next = (/** @type {number} */ number) => {
    const device = deviceOf(number >> 1);
    const connection = connectionOf[device];
    if (number % 2 === 0) return end(device, connection);
    connectionOf[device] = begun;
    begun += 1;
    return begin(device, begun - 1);
  };
  const warmUp = warmUpBatches * batchSize;
  await inBatches(warmUp, next, [store, floor]);
  const folded = { seconds: 0, cpuMs: 0 };
  const bare = { seconds: 0, cpuMs: 0 };
  // In turns, so that what else the machine does meets both.
  for (let from = warmUp; from < warmUp + events; from += batchSize) {
    const batch = Array.from({ length: batchSize }, (_, index) => next(from + index));
    await measured(folded, () => store.apply(batch));
    await measured(bare, () => floor.apply(batch));
  }
  sizeOf(file);
  await inBatches(batchSize, next, [store]);
  const pages = statSync(`${file}-wal`).size / pageBytes() / batchSize;
  return { folded, bare, pages };
}

function pageBytes() {
  const database = new DatabaseSync(file);
  const { page_size: bytes } = /** @type {{ page_size: number }} */ (
    database.prepare('PRAGMA page_size').get()
  );
  database.close();
  return bytes;
}

/** @param {{ seconds: number, cpuMs: number }} used @param {() => Promise<void>} work */
async function measured(used, work) {
  const cpu = process.cpuUsage();
  const at = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  used.seconds += (performance.now() - at) / 1_000;
  used.cpuMs += (user + system) / 1_000;
}

/**
 * @param {number} length @param {(index: number) => object} eventOf
 * @param {readonly { apply(events: readonly object[]): Promise<void> }[]} stores
 */
async function inBatches(length, eventOf, stores) {
  for (let from = 0; from < length; from += batchSize) {
    const size = Math.min(batchSize, length - from);
    const batch = Array.from({ length: size }, (_, index) => eventOf(from + index));
    for (const each of stores) await each.apply(batch);
  }
}

/** The least that keeps an event: its text under its id, committed to disk, a transaction for each batch. @param {string} path */
function openFloor(path) {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE events (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID');
  const insert = database.prepare('INSERT INTO events VALUES (?, ?)');
  return {
    /** @param {readonly { id?: string }[]} batch */
    async apply(batch) {
      database.exec('BEGIN IMMEDIATE');
      for (const event of batch) insert.run(String(event.id), JSON.stringify(event));
      database.exec('COMMIT');
    },
    close: () => database.close(),
  };
}

/** Without the log of writes, which is emptied first. @param {string} path */
function sizeOf(path) {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  return statSync(path).size;
}

/** @param {number} device @param {number} connection */
function begin(device, connection) {
  const at = begunMs + connection;
  return {
    type: 'connected',
    id: idOf(connection, 'c'),
    connectionId: idOf(connection, '7'),
    epoch: `${at.toString(16).padStart(12, '0')}${(connection % 65_536).toString(16).padStart(4, '0')}`,
    device: { tenant: 'acme', device: `thermostat-${device}` },
    adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: '01a20769-0000-7000-8000-000000000001' },
    remoteId: `thermostat-${device}`,
    slot: `thermostat-${device}`,
    at,
    basis: { kind: 'session', detectWithinMs: 90_000 },
    protocol: 'MQTT 5.0',
    remoteAddress: '203.0.113.7:50122',
    announcement: false,
    data: {},
  };
}

/** @param {number} device @param {number} connection */
function end(device, connection) {
  const began = begin(device, connection);
  const at = began.at + devices;
  return {
    ...began,
    type: 'disconnected',
    id: idOf(connection, 'd'),
    at,
    connectedAt: began.at,
    lastSeen: at,
    uncertaintyMs: 0,
    reason: 'client-closed',
    initiator: 'device',
    clean: true,
    endedEpoch: `${at.toString(16).padStart(12, '0')}0000`,
  };
}

/** @param {number} number @param {string} kind one digit */
function idOf(number, kind) {
  return `01a2076b-4400-7${kind}00-9c2d-${number.toString(16).padStart(12, '0')}`;
}

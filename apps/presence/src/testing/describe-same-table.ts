import { createPresenceTable, type DevicePresence, type PresenceTable } from '@rollcall/client';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import { deviceRef, type DeviceRef, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type { ReceivedConnected, ReceivedEvent } from '@rollcall/hono-wire';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PresenceStore } from '../store/presence-store.ts';
import { connected, connectionId, disconnected } from './received.ts';

/** A database that replicas share. */
export interface SharedDatabase {
  /** How many may have it open at a time. */
  readonly replicas: number;
  open(clock: ManualClock): Promise<PresenceStore>;
  /** Ends a replica as `kill -9` does. */
  kill(replica: PresenceStore): Promise<void>;
}

type Pick = (below: number) => number;

const intervalMs = 600_000;
/** Orders in which events come: as they happened, reversed, and with one repeated. */
const orders = [
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [0, 1, 2, 3, 1],
];
const devices = ['one', 'two', 'three', 'four'].flatMap((name) =>
  ['acme', 'other'].map((tenant) => deviceRef(tenant, name)),
);

/**
 * Streams of random events end in the same table in a database and in memory. Called from the tests of each store.
 *
 * @param cases how many streams of each kind.
 */
export function describeSameTable(
  name: string,
  cases: number,
  newDatabase: () => Promise<SharedDatabase>,
): void {
  const seeds = Array.from({ length: cases }, (_, seed) => seed);

  describe(`${name}, beside the table in memory:`, () => {
    test.each(seeds)(
      'is the same after events in any order, with repetitions, by replicas that are killed (seed %i)',
      async (seed) => {
        const { pick } = seededRandom(seed);
        const clock = new ManualClock('2026-11-28T12:00:00Z');
        const replicas = new Replicas(await newDatabase(), clock, pick);
        const table = createPresenceTable({ clock });
        // Whether an announcement comes before or after the news of a new journal makes a difference.
        const events = randomEvents(pick, pick(2) === 0 ? 'announcements' : 'new journals');
        for (const event of events) table.apply(event);
        const again = shuffled([...events, ...events.filter(() => pick(3) === 0)], pick);
        for (const batch of inBatches(again, pick)) await replicas.apply(batch);
        await replicas.sweep();
        expect(await shownBy(replicas)).toEqual(inMemory(table));
      },
    );

    test.each(seeds)(
      'is the same while adapters announce, become silent, publish again and lose their journals (seed %i)',
      async (seed) => {
        const { pick } = seededRandom(seed + 1_000_000);
        const clock = new ManualClock('2026-11-28T12:00:00Z');
        const replicas = new Replicas(await newDatabase(), clock, pick);
        const table = createPresenceTable({ clock });
        for (const batch of inBatches(randomEvents(pick, 'announcements', 'new journals'), pick)) {
          clock.advance((1 + pick(1_200)) * 1_000);
          const times = await replicas.apply(batch);
          // An announcement that comes again counts as one more.
          for (let left = times; left > 0; left -= 1) for (const event of batch) table.apply(event);
          await replicas.sweep();
          expect(await shownBy(replicas)).toEqual(inMemory(table));
        }
      },
    );

    test('keeps a connection taken over when the connection that took its slot is dropped', async () => {
      const { pick } = seededRandom(1);
      const clock = new ManualClock('2026-11-28T12:00:00Z');
      const replicas = new Replicas(await newDatabase(), clock, pick);
      const table = createPresenceTable({ clock });
      const stays = takeovers();
      for (const event of stays) table.apply(event);
      await replicas.apply(stays);
      clock.advance(2 * 86_400_000);
      const store = await replicas.any();
      const kept = { defaultMs: 86_400_000, tenantMs: new Map() };
      expect(await store.dropOld(kept)).toBe(1);
      // Events of kept connections come again: the state of the device is computed again.
      for (const event of stays.slice(3)) {
        table.apply(event);
        await replicas.apply([event]);
      }
      expect(await shownBy(replicas)).toEqual(inMemory(table));
    });

    test('finds the latest ending by its epoch after many with times of a clock that was ahead', async () => {
      const { pick } = seededRandom(1);
      const clock = new ManualClock('2026-11-28T12:00:00Z');
      const replicas = new Replicas(await newDatabase(), clock, pick);
      const table = createPresenceTable({ clock });
      const endings = clockSetBack();
      for (const event of endings) table.apply(event);
      await replicas.apply(endings);
      expect(await shownBy(replicas)).toEqual(inMemory(table));
    });

    test.each(orders.map((order) => ({ order })))(
      'has a device online whose connection raised its epoch above that of the one it took over (order $order)',
      async ({ order }) => {
        const clock = new ManualClock('2026-11-28T12:00:00Z');
        const replicas = new Replicas(await newDatabase(), clock, () => 0);
        const table = createPresenceTable({ clock });
        const events = raisedEpoch();
        for (const place of order) {
          const event = events[place];
          if (event) table.apply(event);
          if (event) await replicas.apply([event]);
        }
        expect(await shownBy(replicas)).toEqual(inMemory(table));
      },
    );

    test.each([1, 3].flatMap((size) => [true, false].map((ofNew) => ({ size, ofNew }))))(
      'knows a lease that moved, in any order, whichever adapter announces for long already (new: $ofNew, $size a batch)',
      async ({ size, ofNew }) => {
        for (const order of [
          [0, 1],
          [1, 0],
          [0, 1, 0],
        ]) {
          const clock = new ManualClock('2026-11-28T12:00:00Z');
          const replicas = new Replicas(await newDatabase(), clock, (below) => below - 1);
          const table = createPresenceTable({ clock });
          const apply = async (events: readonly ReceivedEvent[]): Promise<void> => {
            for (const event of events) table.apply(event);
            await replicas.apply(events);
            await replicas.sweep();
            expect(await shownBy(replicas)).toEqual(inMemory(table));
          };
          const { events, ofOldOne, ofNewOne } = movedLease();
          const heardForLong = ofNew ? ofNewOne : ofOldOne;
          for (let hours = 0; hours < 6; hours += 1) {
            await apply([heardForLong]);
            clock.advance(3_600_000);
          }
          await apply([heardForLong]);
          const inThisOrder = order.flatMap((place) => events[place] ?? []);
          for (let start = 0; start < order.length; start += size)
            await apply(inThisOrder.slice(start, start + size));
          expect(table.get(ofLease).status).toBe('online');
          // The new one goes on announcing, but not this lease. What the old one sends again says nothing new.
          for (let missed = 0; missed < 4; missed += 1) {
            clock.advance(3_600_000);
            await apply([ofOldOne, ofNewOne, ...events.slice(0, 1)]);
          }
          expect(table.get(ofLease).status).toBe('unknown');
        }
      },
    );
  });
}

const ofLease = deviceRef('acme', 'one');

/** A lease that began at one adapter and is announced by another, and what each of them announces beside it. */
function movedLease() {
  const begunMs = Date.parse('2026-11-28T08:00:00Z');
  const of = (number: number, id: string, name: string): ReceivedConnected =>
    connected({
      device: deviceRef('acme', name),
      connectionId: connectionId(number),
      adapter: { type: 'hono-http', id, instance: `${id}-1` },
      at: begunMs as Timestamp,
      epoch: epochOf(begunMs),
    });
  const announced = (event: ReceivedConnected): ReceivedConnected => ({
    ...event,
    announcement: true,
    announceIntervalMs: 3_600_000,
  });
  return {
    events: [of(1, 'http-0', 'one'), announced(of(1, 'http-1', 'one'))],
    ofOldOne: announced(of(2, 'http-0', 'two')),
    ofNewOne: announced(of(3, 'http-1', 'three')),
  };
}

/** Replicas that share the events of a subscription, as competing consumers do. Now and then one is killed, and started again. */
class Replicas {
  readonly #database: SharedDatabase;
  readonly #clock: ManualClock;
  readonly #pick: Pick;
  readonly #running: PresenceStore[] = [];
  /** Told by the log of changes alone, by whichever replica. */
  readonly told = new Map<string, DevicePresence>();
  readonly #positions = new Map<string, string>();

  constructor(database: SharedDatabase, clock: ManualClock, pick: Pick) {
    this.#database = database;
    this.#clock = clock;
    this.#pick = pick;
    onTestFinished(async () => {
      for (const replica of this.#running) await replica.close();
    });
  }

  async any(): Promise<PresenceStore> {
    while (this.#running.length < this.#database.replicas)
      this.#running.push(await this.#database.open(this.#clock));
    const chosen = this.#running[this.#pick(this.#running.length)];
    if (!chosen) throw new Error('there is a replica');
    return chosen;
  }

  /** A batch of which the network heard no acceptance comes again, to whichever replica. @returns how often the batch came. */
  async apply(events: readonly ReceivedEvent[]): Promise<number> {
    for (const { tenant } of devices)
      if (!this.#positions.has(tenant))
        this.#positions.set(tenant, await (await this.any()).position(tenant));
    const replica = await this.any();
    await replica.apply(events);
    await replica.noteProgress({ replica: 'one', readThroughMs: this.#clock.now() });
    if (this.#pick(6) !== 0) return 1;
    this.#running.splice(this.#running.indexOf(replica), 1);
    await this.#database.kill(replica);
    await (await this.any()).apply(events);
    return 2;
  }

  async sweep(): Promise<void> {
    await (await this.any()).sweep();
  }

  async readLog(): Promise<void> {
    for (const [tenant, after] of this.#positions) {
      let position = after;
      for (;;) {
        const read = await (await this.any()).changes(tenant, position, 7);
        if (read === 'gone') throw new Error('the log has a gap');
        for (const { device } of read.changes) this.told.set(nameOf(device.presence.device), device.presence);
        position = read.position;
        if (read.changes.length < 7) break;
      }
      this.#positions.set(tenant, position);
    }
  }
}

/** What a replica answers, and the state of each device by its log of changes. */
async function shownBy(replicas: Replicas): Promise<unknown> {
  const stored = await (await replicas.any()).get(devices);
  await replicas.readLog();
  const nothing = (device: DeviceRef) => ({ status: 'unknown', device, connections: [] }) as const;
  return devices.map((device, index) => [
    nameOf(device),
    comparable(stored[index]?.presence ?? nothing(device)),
    comparable(replicas.told.get(nameOf(device)) ?? nothing(device)),
  ]);
}

function inMemory(table: PresenceTable): unknown {
  return devices.map((device) => {
    const presence = comparable(table.get(device));
    return [nameOf(device), presence, presence];
  });
}

function comparable(presence: DevicePresence): unknown {
  if (presence.status === 'offline') return ['offline', presence.since, presence.ending.id];
  const open = presence.connections.map(({ connectionId: id, adapter, epoch }) => [id, adapter.id, epoch]);
  return presence.status === 'online' ? ['online', presence.since, open] : ['unknown', open];
}

function nameOf({ tenant, device }: DeviceRef): string {
  return `${tenant}/${device}`;
}

/** Connections of a few devices over a few adapters: with slots, takeovers, clocks that differ, moves between adapters and new journals. */
function randomEvents(
  pick: Pick,
  ...kinds: readonly ('announcements' | 'new journals')[]
): readonly ReceivedEvent[] {
  const begunMs = Date.parse('2026-11-28T08:00:00Z');
  return Array.from({ length: 4 + pick(20) }, (_, number) => {
    const device = devices[pick(devices.length)];
    const atMs = begunMs + number * 90_000 + pick(200_000);
    const one = connected({
      ...(device && { device }),
      adapter: adapterOf(pick),
      connectionId: connectionId(number),
      at: atMs as Timestamp,
      epoch: epochOf(atMs + pick(90_000) - 45_000),
      ...(pick(2) === 0 && { slot: `s-${pick(2)}` }),
    });
    const announcements = kinds.includes('announcements') ? announcementsOf(one, pick) : [];
    // The ending has the epoch that was said last.
    const greatest = [one, ...announcements].reduce((a, b) => (b.epoch > a.epoch ? b : a));
    const last = { ...one, epoch: greatest.epoch };
    return [
      kinds.includes('new journals') && pick(12) === 0 ? { ...one, journal: { state: 'new' as const } } : one,
      ...announcements,
      ...Array.from({ length: pick(3) }, (__, ending) =>
        disconnected(last, {
          id: `end-${number}-${ending}` as EventId,
          at: (atMs + pick(500_000)) as Timestamp,
          ...(pick(2) === 0 && { endedEpoch: epochOf(atMs + pick(500_000)) }),
          ...(pick(2) === 0 && { reason: pick(2) === 0 ? 'adapter-lost' : 'buried' }),
        }),
      ),
    ];
  }).flat();
}

/** The clock of the first adapter is ahead. */
function raisedEpoch(): readonly ReceivedEvent[] {
  const atMs = Date.parse('2026-11-28T08:00:00Z');
  const facts = { at: atMs as Timestamp, slot: 's', ...(devices[0] && { device: devices[0] }) };
  const ahead = connected({ ...facts, connectionId: connectionId(1), epoch: epochOf(atMs + 300_000) });
  const newer = connected({ ...facts, connectionId: connectionId(2), epoch: epochOf(atMs + 10_000) });
  const raised = { ...newer, announcement: true, epoch: epochOf(atMs + 300_001) };
  return [ahead, newer, disconnected(ahead, { reason: 'taken-over' }), raised];
}

/** One whose end never came, one that took its slot, and one of another slot that ended last. */
function takeovers(): readonly ReceivedEvent[] {
  const atMs = Date.parse('2026-11-28T08:00:00Z');
  const begin = (number: number, slot: string): ReceivedConnected =>
    connected({
      ...(devices[0] && { device: devices[0] }),
      slot,
      connectionId: connectionId(number),
      adapter: { type: 'hono-mqtt', id: `adapter-${number}`, instance: 'one' },
      at: (atMs + number * 600_000) as Timestamp,
      epoch: epochOf(atMs + number * 600_000),
    });
  const [lost, taking, last] = [begin(1, 's'), begin(2, 's'), begin(3, 'other')];
  return [lost, taking, disconnected(taking), last, disconnected(last)];
}

/** A hundred stays while the clock of the adapter was a day ahead, and one after it was set right. */
function clockSetBack(): readonly ReceivedEvent[] {
  const beginMs = Date.parse('2026-11-28T08:00:00Z');
  return Array.from({ length: 101 }, (_, number) => {
    const atMs = beginMs + number * 10_000 + (number === 100 ? 0 : 86_400_000);
    const begin = connected({
      ...(devices[0] && { device: devices[0] }),
      connectionId: connectionId(number),
      at: atMs as Timestamp,
      epoch: epochOf(beginMs + 86_400_000 + number * 10_000),
    });
    const endedEpoch = epochOf(beginMs + 86_400_000 + number * 10_000 + 5_000);
    return disconnected(begin, { at: (atMs + 5_000) as Timestamp, endedEpoch });
  });
}

/**
 * All of them are of one adapter: of those that differ, the last one counts, and not any order. Of different epochs, the greatest one
 * does, whenever it comes.
 */
function announcementsOf(one: ReceivedConnected, pick: Pick): readonly ReceivedConnected[] {
  const moved = pick(4) === 0 ? { adapter: { ...adapterOf(pick), type: one.adapter.type } } : {};
  return Array.from({ length: pick(4) }, () => ({
    ...one,
    ...moved,
    ...(pick(4) === 0 && { epoch: epochOf(one.at + pick(400_000)) }),
    announcement: true,
    announceIntervalMs: intervalMs,
  }));
}

function adapterOf(pick: Pick): ReceivedConnected['adapter'] {
  return {
    type: pick(3) === 0 ? 'hono-http' : 'hono-mqtt',
    id: `adapter-${pick(3)}`,
    instance: `incarnation-${pick(3)}`,
  };
}

function epochOf(atMs: number): Epoch {
  return `${atMs.toString(16).padStart(12, '0')}0000` as Epoch;
}

function shuffled<Item>(items: readonly Item[], pick: Pick): readonly Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(pick(left.length), 1));
}

function inBatches<Item>(items: readonly Item[], pick: Pick): readonly (readonly Item[])[] {
  const batches: (readonly Item[])[] = [];
  for (let start = 0; start < items.length;) {
    const end = start + 1 + pick(8);
    batches.push(items.slice(start, end));
    start = end;
  }
  return batches;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  anEnding,
  anOutboundEvent,
  ManualClock,
  seededRandom,
  settled,
  recordingLog,
} from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch, type Timestamp } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { OutboundEvent } from '@rollcall/core/sink';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFileJournal } from './file-journal.ts';
import type { Journal, OpenEntry, PendingEvent, Place, Recovered } from './journal.ts';
import { openSqliteStore, type SqliteStore } from './store/sqlite-store.ts';
import type { Batch, JournalStore, StoreReads } from './store/stored.ts';

let directory: string;
const stores: SqliteStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-journal-'));
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  rmSync(directory, { recursive: true });
});

/** A store whose answers the test can withhold, or turn into failures. */
class FaultyStore implements JournalStore {
  #store: SqliteStore | undefined;
  #held: (() => void)[] | undefined;
  readonly batches: Batch[] = [];
  failing = false;

  async open() {
    this.#store = openSqliteStore({
      file: join(directory, 'mqtt-0.journal'),
      durability: 'process',
      maxBytes: 100_000_000,
    });
    stores.push(this.#store);
    return this.#store.summary();
  }

  async read<What extends keyof StoreReads>(what: What, which: Parameters<StoreReads[What]>[0]) {
    if (!this.#store || this.failing) throw new Error('disk I/O error');
    const read = this.#store[what] as (asked: typeof which) => ReturnType<StoreReads[What]>;
    return read(which);
  }

  hold(): () => void {
    const held = (this.#held = [] as (() => void)[]);
    return () => {
      this.#held = undefined;
      for (const go of held) go();
    };
  }

  async apply(batch: Batch) {
    this.batches.push(batch);
    await new Promise<void>((resolve) => (this.#held ? this.#held.push(resolve) : resolve()));
    if (this.failing) throw new Error('disk I/O error');
    this.#store?.apply(batch);
  }

  async close() {
    this.crash();
  }

  /** Does what `kill -9` does: nothing more is written, and the lock is gone. */
  crash(): void {
    this.#store?.close();
    stores.splice(stores.indexOf(this.#store as SqliteStore), 1);
    this.#store = undefined;
  }
}

function givenAJournal() {
  const clock = new ManualClock();
  const store = new FaultyStore();
  const log = recordingLog();
  const journal = createFileJournal({ store, clock, log, behindAfterMs: 50 });
  return { clock, store, log, journal };
}

const device = deviceRef('acme', 'd1');
const noted = { lastSeen: 1_767_268_800_500 as Timestamp };

function connected(id: string): OutboundEvent {
  return anOutboundEvent(`${id}+`, { device, connectionId: id as ConnectionId });
}

function disconnected(id: string): OutboundEvent {
  const { event, downstream } = connected(id);
  return { downstream, event: anEnding(event, { id: `${id}-` as typeof event.id }) };
}

/** Everything that a new incarnation finds. */
interface Found extends Pick<Recovered, 'highWater' | 'follows' | 'rhythms' | 'proofs'> {
  readonly pending: readonly PendingEvent[];
  readonly open: readonly OpenEntry[];
  /** `events a+`: the sink, and the id of the event that was read back. */
  readonly ids: readonly string[];
  readonly events: readonly (OutboundEvent | undefined)[];
}

async function findAll(journal: Journal): Promise<Found> {
  const { highWater, follows, rhythms, proofs, ...lists } = await journal.recover();
  const pending: PendingEvent[] = [];
  const open: OpenEntry[] = [];
  for await (const batch of lists.pending()) pending.push(...batch);
  for await (const batch of lists.open()) open.push(...batch);
  const events = await journal.read(pending.map(({ place }) => place));
  const ids = pending.flatMap(({ sinks }, index) =>
    sinks.map((sink) => `${sink} ${events[index]?.event.id}`),
  );
  return {
    ...(highWater !== undefined && { highWater }),
    ...(follows !== undefined && { follows }),
    rhythms,
    ...(proofs && { proofs }),
    pending,
    open,
    ids,
    events,
  };
}

async function recovered(): Promise<Found> {
  const store = new FaultyStore();
  const journal = createFileJournal({ store, clock: new ManualClock(), log: silentLog, behindAfterMs: 50 });
  const found = await findAll(journal);
  store.crash();
  return found;
}

/** Keeps an event, and waits until it is safe. */
async function keep(journal: Journal, outbound: OutboundEvent, sinks: readonly string[]): Promise<Place> {
  const { place, committed } = journal.append(outbound, sinks);
  await committed;
  return place;
}

describe('after a crash', () => {
  test('everything that was committed is there: unsent events in order and byte for byte, open connections, notes, rhythms', async () => {
    const { clock, store, journal } = givenAJournal();
    await journal.recover();
    const first = connected('a');
    const place = await keep(journal, first, ['events', 'hook']);
    await keep(journal, disconnected('a'), ['events']);
    await keep(journal, connected('b'), ['events']);
    journal.forget('hook', place);
    journal.note([['b' as ConnectionId, noted]]);
    const gaps = { count: 1, meanMs: 2, deviationMs: 3, recentMs: [4] };
    journal.learn([['acme\nd1\nsensor1', gaps]]);
    await unhurried(clock);
    store.crash();

    const found = await recovered();
    expect(found.ids).toEqual(['events a+', 'events a-', 'events b+']);
    expect(found.pending[0]).toEqual({
      place,
      sinks: ['events'],
      device,
      at: first.event.at,
      bytes: JSON.stringify(first.event).length,
    });
    expect(found.events[0]).toEqual(first);
    expect(found.open).toEqual([{ event: connected('b').event, noted }]);
    expect(found.highWater).toBe(first.event.epoch);
    expect(found.rhythms).toEqual([['acme\nd1\nsensor1', gaps]]);
  });

  test('a parked event is offered again', async () => {
    const { clock, store, journal } = givenAJournal();
    await journal.recover();
    journal.park('events', await keep(journal, connected('a'), ['events']), 'no such address');
    await unhurried(clock);
    expect(store.batches.at(-1)?.updated).toEqual([
      [1, { open: true, waiting: [], parked: { events: 'no such address' } }],
    ]);
    store.crash();
    expect((await recovered()).ids).toEqual(['events a+']);
  });

  test('an event that was confirmed, of a connection that ended, is gone', async () => {
    const { clock, store, journal } = givenAJournal();
    await journal.recover();
    const places = [
      await keep(journal, connected('a'), ['events']),
      await keep(journal, disconnected('a'), ['events']),
    ];
    for (const place of places) journal.forget('events', place);
    await unhurried(clock);
    store.crash();
    expect(await recovered()).toMatchObject({ pending: [], open: [] });
  });

  test('a connection that was open goes on, and its end closes it', async () => {
    const { store, journal } = givenAJournal();
    await journal.recover();
    await keep(journal, connected('a'), []);
    store.crash();

    const next = givenAJournal();
    expect((await findAll(next.journal)).open).toHaveLength(1);
    await keep(next.journal, disconnected('a'), ['events']);
    next.store.crash();
    const found = await recovered();
    expect(found.open).toEqual([]);
    expect(found.ids).toEqual(['events a-']);
  });
});

describe('storing', () => {
  test('events that are appended while a batch is stored go together into the next one', async () => {
    const { store, journal } = givenAJournal();
    await journal.recover();
    const release = store.hold();
    const first = journal.append(connected('a'), ['events']).committed;
    await turn();
    const later = ['b', 'c', 'd'].map((id) => journal.append(connected(id), ['events']).committed);
    await turn();
    expect(store.batches.map((batch) => batch.inserted.length)).toEqual([1]);
    release();
    await Promise.all([first, ...later]);
    expect(store.batches.map((batch) => batch.inserted.length)).toEqual([1, 3]);
  });

  test('an event that all sinks confirm before it is stored costs nothing', async () => {
    const { store, journal } = givenAJournal();
    await journal.recover();
    const { place, committed } = journal.append(connected('a'), ['logging']);
    journal.forget('logging', place);
    journal.forget('logging', journal.append(disconnected('a'), ['logging']).place);
    await committed;
    expect(store.batches).toMatchObject([{ inserted: [], removed: [], updated: [] }]);
  });

  test('while a disk does not answer, events that are not needed any more leave memory; the latest epoch is stored', async () => {
    const { store, journal } = givenAJournal();
    await journal.recover();
    const release = store.hold();
    journal.append(connected('first'), ['events']);
    await turn();
    for (let round = 0; round < 5_000; round++)
      for (const half of [connected(String(round)), disconnected(String(round))])
        journal.forget('events', journal.append(half, ['events']).place);
    const { event, downstream } = disconnected('first');
    const latest = { ...event, endedEpoch: '01bfffffffff0000' as Epoch } as typeof event;
    const { place, committed } = journal.append({ event: latest, downstream }, ['events']);
    journal.forget('events', place);
    release();
    await committed;
    // The first one, its outcome, and nothing about the others.
    expect(store.batches.map(({ inserted, updated }) => inserted.length + updated.length)).toEqual([1, 1]);
    store.crash();
    expect(await recovered()).toMatchObject({ highWater: '01bfffffffff0000', open: [] });
  });

  test('the journal is behind while an event waits longer than it should', async () => {
    const { clock, store, journal } = givenAJournal();
    await journal.recover();
    const release = store.hold();
    const kept = journal.append(connected('a'), ['events']).committed;
    await turn();
    expect(journal.behind()).toBe(false);
    clock.advance(51);
    expect(journal.behind()).toBe(true);
    release();
    await kept;
    await turn();
    expect(journal.behind()).toBe(false);
  });

  test('closing stores the changes that no device waits for', async () => {
    const { journal } = givenAJournal();
    await journal.recover();
    await keep(journal, connected('a'), ['events']);
    journal.note([['a' as ConnectionId, noted]]);
    await journal.close();
    expect((await recovered()).open).toMatchObject([{ noted }]);
  });
});

describe('if the store fails', () => {
  test('no device waits, the failure is logged once, and the journal catches up by itself', async () => {
    const { clock, store, log, journal } = givenAJournal();
    await journal.recover();
    store.failing = true;
    await keep(journal, connected('a'), ['events']);
    expect(journal.append(connected('b'), ['events']).committed).toBeUndefined();
    expect(journal.append(disconnected('b'), ['events']).committed).toBeUndefined();
    await retried(clock, 3);
    expect(journal.behind()).toBe(true);
    store.failing = false;
    await retried(clock, 1);
    expect(journal.behind()).toBe(false);
    expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'error: journal cannot be written: events are kept in memory alone',
      'info: journal is written again, and has caught up',
    ]);
    store.crash();
    const found = await recovered();
    expect(found.ids).toEqual(['events a+', 'events b+', 'events b-']);
    expect(found.open.map(({ event }) => event.connectionId)).toEqual(['a']);
  });

  test('the journal has caught up once it stored what was there, even while more comes all the time', async () => {
    const { clock, store, journal } = givenAJournal();
    await journal.recover();
    store.failing = true;
    await keep(journal, connected('a'), ['events']);
    await turn();
    store.failing = false;
    const release = store.hold();
    clock.advance(1_000);
    await turn();
    journal.append(connected('b'), ['events']);
    release();
    store.hold();
    await turn();
    expect(journal.behind()).toBe(false);
  });

  test('only open and unconfirmed events wait in memory, however long it takes', async () => {
    const { clock, store, journal } = givenAJournal();
    await journal.recover();
    store.failing = true;
    for (let round = 0; round < 5_000; round++) {
      for (const half of [connected(String(round)), disconnected(String(round))])
        journal.forget('events', journal.append(half, ['events']).place);
    }
    journal.append(connected('open'), ['events']);
    await turn();
    await retried(clock, 10);
    store.failing = false;
    store.batches.length = 0;
    await retried(clock, 1);
    expect(store.batches.flatMap((batch) => batch.inserted)).toHaveLength(1);
  });

  test('a backlog larger than a batch is stored in turns, both halves of a connection together', async () => {
    const { clock, store, journal } = givenAJournal();
    await journal.recover();
    store.failing = true;
    for (let round = 0; round < 5_000; round++) {
      journal.append(connected(String(round)), ['events']);
      journal.append(disconnected(String(round)), ['events']);
    }
    await turn();
    store.failing = false;
    await retried(clock, 1);
    expect(store.batches.length).toBeGreaterThan(5);
    for (const { inserted } of store.batches) expect(inserted.length % 2).toBe(0);
    store.crash();
    expect((await recovered()).pending).toHaveLength(10_000);
  });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever happens, in any order, everything that was committed is recovered (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random.next() * limit);
    const open = new Set<string>();
    let unsent: { readonly id: string; readonly place: Place }[] = [];
    let count = 0;
    for (let life = 0; life < 5; life++) {
      const { clock, store, journal } = givenAJournal();
      const found = await findAll(journal);
      expect(found.ids).toEqual(unsent.map(({ id }) => `events ${id}`));
      unsent = unsent.map(({ id }, index) => ({ id, place: found.pending[index]?.place ?? 0 }));
      expect(found.open.map(({ event }) => event.connectionId).toSorted()).toEqual([...open].toSorted());
      for (let step = 0; step < 200; step++) {
        store.failing = below(10) === 0;
        const dice = below(10);
        if (dice < 4) {
          const id = `${seed}.${count++}`;
          const { place } = journal.append(connected(id), ['events', 'logging']);
          journal.forget('logging', place);
          open.add(id);
          unsent.push({ id: `${id}+`, place });
        } else if (dice < 7) {
          const id = [...open][below(open.size)];
          if (id === undefined) continue;
          const { place } = journal.append(disconnected(id), ['events']);
          open.delete(id);
          unsent.push({ id: `${id}-`, place });
        } else if (dice < 9) {
          const [sent] = unsent.splice(below(unsent.length), 1);
          if (sent) journal.forget('events', sent.place);
        } else {
          const id = [...open][below(open.size)] as ConnectionId | undefined;
          if (id !== undefined) journal.note([[id, { lastSeen: below(1_000_000) as Timestamp }]]);
        }
        if (below(5) === 0) await turn();
        if (below(20) === 0) clock.advance(1_000);
      }
      store.failing = false;
      await retried(clock, 2);
      await unhurried(clock);
      store.crash();
    }
  },
);

test('a journal says which incarnation used it last, and the epoch of a `disconnected` counts too', async () => {
  const { clock, store, journal } = givenAJournal();
  expect(await journal.recover()).not.toHaveProperty('follows');
  journal.usedBy('the first');
  await keep(journal, connected('a'), []);
  const { event, downstream } = disconnected('a');
  await keep(
    journal,
    { event: { ...event, endedEpoch: '01bfffffffff0000' as Epoch } as typeof event, downstream },
    [],
  );
  await unhurried(clock);
  store.crash();
  expect(await recovered()).toMatchObject({ follows: 'the first', highWater: '01bfffffffff0000' });
});

test('the epoch never falls behind, also if the batch that had it was lost', async () => {
  const { clock, store, journal } = givenAJournal();
  await journal.recover();
  store.failing = true;
  const { event, downstream } = connected('a');
  await keep(journal, { event: { ...event, epoch: '01bfffffffff0000' as Epoch }, downstream }, []);
  await keep(journal, disconnected('a'), []);
  store.failing = false;
  await retried(clock, 1);
  store.crash();
  expect((await recovered()).highWater).toBe('01bfffffffff0000');
});

/** Lets everything happen that can happen now. */
async function turn(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
  await settled();
}

async function unhurried(clock: ManualClock): Promise<void> {
  await turn();
  clock.advance(50);
  await turn();
}

async function retried(clock: ManualClock, times: number): Promise<void> {
  for (let round = 0; round < times; round++) {
    clock.advance(1_000);
    await turn();
  }
}

describe('a proof of identity', () => {
  const at = (ms: number): Timestamp => (1_767_000_000_000 + ms) as Timestamp;
  const key = Buffer.alloc(32, 7);
  const mark = (name: string, ms: number) => ({ name, hash: `hash of ${name}`, at: at(ms) });

  test('is there after a restart, with the key, the latest proof at the end', async () => {
    const journal = createFileJournal({
      store: new FaultyStore(),
      clock: new ManualClock(),
      log: silentLog,
      behindAfterMs: 50,
    });
    await journal.recover();
    journal.prove({
      key,
      noted: [mark('d1@acme', 0), mark('d2@acme', 1), mark('d3@acme', 2)],
      forgotten: [],
    });
    journal.prove({ noted: [mark('d1@acme', 3)], forgotten: [mark('d2@acme', 1)] });
    await journal.close();
    stores.length = 0;
    const { proofs } = await recovered();
    expect(proofs?.proofs).toEqual([mark('d3@acme', 2), mark('d1@acme', 3)]);
    expect(Buffer.from(proofs?.key ?? [])).toEqual(key);
  });

  test('is stored later if it cannot be stored now, the first one with the key', async () => {
    const store = new FaultyStore();
    const clock = new ManualClock();
    const journal = createFileJournal({ store, clock, log: silentLog, behindAfterMs: 50 });
    await journal.recover();
    store.failing = true;
    journal.prove({ key, noted: [mark('d1@acme', 0)], forgotten: [] });
    await clock.advanceAsync(50);
    store.failing = false;
    journal.prove({ noted: [mark('d2@acme', 1)], forgotten: [] });
    await journal.close();
    stores.length = 0;
    const { proofs } = await recovered();
    expect(proofs?.proofs.map(({ name }) => name).toSorted()).toEqual(['d1@acme', 'd2@acme']);
    expect(Buffer.from(proofs?.key ?? [])).toEqual(key);
  });
});

import { ManualClock } from '@rollcall/conformance';
import { type ConnectionId, type Epoch, type Timestamp } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFileJournal } from './file-journal.ts';
import {
  connected,
  device,
  disconnected,
  FaultyStore,
  findAll,
  givenAJournal,
  keep,
  openDirectory,
  recovered,
  removeDirectory,
  retried,
  stores,
  turn,
  unhurried,
} from '../testing/given-file-journal.ts';

const noted = { lastSeen: 1_767_268_800_500 as Timestamp };

beforeEach(openDirectory);
afterEach(removeDirectory);

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

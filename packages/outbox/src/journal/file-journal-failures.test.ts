import { seededRandom } from '@rollcall/conformance';
import { type ConnectionId, type Timestamp } from '@rollcall/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Place } from './journal.ts';
import {
  connected,
  disconnected,
  findAll,
  givenAJournal,
  keep,
  openDirectory,
  recovered,
  removeDirectory,
  retried,
  turn,
  unhurried,
} from '../testing/given-file-journal.ts';

beforeEach(openDirectory);
afterEach(removeDirectory);

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

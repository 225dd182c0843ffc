import { anEnding, anOutboundEvent } from '@rollcall/conformance';
import type { ConnectionId } from '@rollcall/core';
import type { OutboundEvent } from '@rollcall/core/sink';
import { describe, expect, test } from 'vitest';
import { outboundOf } from './facts-of.ts';
import { RowBook } from './row-book.ts';

const connected = (of: string): OutboundEvent =>
  anOutboundEvent(`${of}-connected`, { connectionId: of as ConnectionId });

function disconnected(of: string): OutboundEvent {
  const { event, downstream } = connected(of);
  return { event: anEnding(event), downstream };
}

function givenABook(): RowBook {
  const book = new RowBook();
  book.begin({ lastSeq: 0 });
  return book;
}

/** What a batch does, by place. */
function changesOf(book: RowBook, maxRows = 100) {
  const { inserted = [], updated = [], removed = [] } = book.take(maxRows)?.batch ?? {};
  return { inserted: inserted.map(({ seq }) => seq), updated: updated.map(([seq]) => seq), removed };
}

describe('changes of one event that were not taken yet', () => {
  test('are merged into none if the event is not needed any more', () => {
    const book = givenABook();
    const places = [book.append(connected('a'), ['s'], []), book.append(disconnected('a'), ['s'], [])];
    expect(book.backlog).toBe(2);
    for (const place of places) book.forget('s', place);
    expect(book.backlog).toBe(0);
    expect(changesOf(book)).toEqual({ inserted: [], updated: [], removed: [] });
  });

  test('are merged into one insert with the latest standing', () => {
    const book = givenABook();
    const place = book.append(connected('a'), ['one', 'two'], []);
    book.forget('one', place);
    book.park('two', place, 'not allowed');
    expect(book.take(100)?.batch.inserted).toMatchObject([
      { seq: place, standing: { open: true, waiting: [], parked: { two: 'not allowed' } } },
    ]);
  });

  test('are taken oldest first, and both halves of a connection together', () => {
    const book = givenABook();
    for (const id of ['a', 'b', 'c']) book.append(connected(id), ['s'], []);
    book.append(disconnected('a'), ['s'], []);
    expect(changesOf(book, 1).inserted).toEqual([1, 4]);
    expect(changesOf(book, 1).inserted).toEqual([2]);
    expect(changesOf(book, 1).inserted).toEqual([3]);
  });
});

test('a connection that an earlier version kept as open twice is open once, as it began first, with the latest notes', () => {
  const book = givenABook();
  const { event } = connected('a');
  const facts = (adapter: string): string =>
    JSON.stringify({ ...event, adapter: { ...event.adapter, id: adapter } });
  const standing = { open: true, waiting: [], parked: {} };
  const [first, ...others] = [
    ...book.reopen([{ seq: 1, facts: facts('here'), announcement: false, standing }]),
    ...book.reopen([
      { seq: 2, facts: facts('away'), announcement: false, standing: { ...standing, lastSeen: 5 } },
    ]),
  ];
  expect([first?.event.adapter.id, others]).toEqual(['here', []]);
  expect(changesOf(book)).toEqual({ inserted: [], updated: [1], removed: [2] });
  book.append(disconnected('a'), [], []);
  expect(changesOf(book)).toEqual({ inserted: [], updated: [], removed: [1] });
});

test('the announcement of a connection that moved here in an earlier run is stored as one after the store lost everything', () => {
  const book = givenABook();
  const facts = JSON.stringify(connected('a').event);
  book.reopen([{ seq: 1, facts, announcement: true, standing: { open: true, waiting: ['s'], parked: {} } }]);
  book.refill({ waiting: () => [], owed: [], rhythms: [], proofs: { key: new Uint8Array(), proofs: [] } });
  const stored = book.take(100)?.batch.inserted.map(outboundOf);
  expect(stored).toMatchObject([{ announcement: true, ofAnother: true, downstream: { defaults: {} } }]);
});

test('of a connection that is appended as open twice, the later one is open', () => {
  const book = givenABook();
  book.append(connected('a'), [], []);
  book.take(100)?.stored();
  book.append(connected('a'), [], []);
  expect(changesOf(book)).toEqual({ inserted: [2], updated: [], removed: [1] });
});

test('an event that the store may have is removed from it once no sink needs it', () => {
  const book = givenABook();
  const first = book.append(connected('a'), ['s'], []);
  book.take(100)?.stored();
  const second = book.append(disconnected('a'), ['s'], []);
  for (const place of [first, second]) book.forget('s', place);
  expect(changesOf(book)).toEqual({ inserted: [], updated: [], removed: [first] });
});

test('a batch says whether something waits that is not in it', () => {
  const book = givenABook();
  for (const id of ['a', 'b']) book.append(connected(id), ['s'], []);
  book.learn([['holder', undefined]]);
  const more = Array.from({ length: 3 }, () => book.take(1)?.batch.moreWaits);
  expect(more).toEqual([true, true, undefined]);
});

test('a batch that failed is taken again, merged with what changed since', () => {
  const book = givenABook();
  const place = book.append(connected('a'), ['one', 'two'], []);
  const batch = book.take(100);
  book.forget('one', place);
  batch?.failed();
  const again = book.take(100);
  expect(again?.batch.inserted).toMatchObject([{ seq: place, standing: { waiting: ['two'] } }]);
  again?.stored();
  expect(book.backlog).toBe(0);
});

test('the epoch and the incarnation are stored once, and again after the store lost everything', () => {
  const book = givenABook();
  const outbound = connected('a');
  book.append(outbound, [], []);
  book.usedBy('run-1');
  const batch = book.take(100);
  const facts = { highWater: outbound.event.epoch, instance: 'run-1' };
  expect(batch?.batch).toMatchObject(facts);
  batch?.stored();
  expect(book.take(100)).toBeUndefined();
  book.refill({ waiting: () => [], owed: [], rhythms: [], proofs: { key: new Uint8Array(), proofs: [] } });
  expect(book.take(100)?.batch).toMatchObject(facts);
});

test('a batch that the lost store had is stored in the new one, too', () => {
  const book = givenABook();
  const place = book.append(connected('a'), ['s'], []);
  const batch = book.take(100);
  book.refill({ waiting: () => [], owed: [], rhythms: [], proofs: { key: new Uint8Array(), proofs: [] } });
  batch?.stored();
  expect(changesOf(book).inserted).toEqual([place]);
});

import { ManualClock, recordingLog, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { EventBatches } from './event-batches.ts';

function given(apply: (events: readonly number[]) => Promise<void>, maxEvents = 3) {
  const clock = new ManualClock();
  const { lines, ...log } = recordingLog();
  const calls: (readonly number[])[] = [];
  const storing: boolean[] = [];
  const batches = new EventBatches<number>({
    clock,
    log,
    maxEvents,
    async apply(events) {
      calls.push(events);
      await apply(events);
    },
    storing: (isStoring) => void storing.push(isStoring),
  });
  const outcomes: string[] = [];
  const add = (event: number): void => {
    batches.add(event).then(
      () => outcomes.push(`${event} committed`),
      () => outcomes.push(`${event} given back`),
    );
  };
  return { clock, lines, calls, batches, storing, outcomes, add };
}

test('events that come together, or while others are written, are written together, in batches of a bounded size', async () => {
  const waiting: (() => void)[] = [];
  const { add, calls, outcomes, batches } = given(() => new Promise((resolve) => waiting.push(resolve)));
  add(1);
  add(2);
  await settled();
  for (const event of [3, 4, 5, 6]) add(event);
  expect([calls, outcomes, batches.pending]).toEqual([[[1, 2]], [], 6]);
  waiting.shift()?.();
  await settled();
  expect([calls, outcomes]).toEqual([
    [
      [1, 2],
      [3, 4, 5],
    ],
    ['1 committed', '2 committed'],
  ]);
  waiting.shift()?.();
  await settled();
  waiting.shift()?.();
  await batches.drained();
  expect(outcomes).toHaveLength(6);
  expect(batches.pending).toBe(0);
});

test('other work runs between two batches, even if the database blocks this thread', async () => {
  const order: string[] = [];
  const { add, batches } = given(async (events) => void order.push(`wrote ${events.join(' ')}`), 2);
  for (const event of [1, 2, 3, 4]) add(event);
  const answer = (): void => {
    order.push('answered');
    if (batches.pending > 0) setImmediate(answer);
  };
  setImmediate(answer);
  await batches.drained();
  expect(order.slice(0, 4)).toEqual(['wrote 1 2', 'answered', 'wrote 3 4', 'answered']);
});

test('while the database is unavailable, no event is confirmed, and the same batch is tried again with growing pauses', async () => {
  let isAway = true;
  const { add, calls, outcomes, clock, lines, batches, storing } = given(async () => {
    if (isAway) throw new StoreUnavailable('away');
  });
  add(1);
  await settled();
  expect(batches.isPausing).toBe(true);
  for (const pauseMs of [250, 500, 1_000]) await clock.advanceAsync(pauseMs);
  expect(calls).toHaveLength(4);
  isAway = false;
  await clock.advanceAsync(2_000);
  await settled();
  expect(outcomes).toEqual(['1 committed']);
  expect(batches.isPausing).toBe(false);
  expect(lines.map(({ message }) => message)).toEqual([
    'the database of the presence service cannot be reached, or takes no events: they wait',
    'the database of the presence service takes events again',
  ]);
  // The next outage has lines of its own, and the first pause again.
  isAway = true;
  add(2);
  await settled();
  isAway = false;
  await clock.advanceAsync(250);
  await settled();
  expect(outcomes).toEqual(['1 committed', '2 committed']);
  expect(lines).toHaveLength(4);
  expect(storing).toEqual([false, true, false, true]);
});

test('an event that the database refuses is left out and logged, and does not delay others', async () => {
  const { add, outcomes, batches, lines } = given(async (events) => {
    if (events.includes(2)) throw new Error('invalid byte sequence');
  });
  for (const event of [1, 2, 3]) add(event);
  await settled();
  await settled();
  await settled();
  expect(outcomes.toSorted()).toEqual(['1 committed', '2 committed', '3 committed']);
  expect(batches.leftOut).toBe(1);
  expect(lines.map(({ message }) => message)).toEqual(['an event cannot be stored, and is left out']);
});

test.each([
  ['a password that was changed', { code: '28P01' }],
  ['a role that may not log in', { code: '28000' }],
  ['a right that was taken away', { code: '42501' }],
  ['a database that is gone', { code: '3D000' }],
  ['a table that is gone', { code: '42P01' }],
  ['damaged pages in PostgreSQL', { code: 'XX001' }],
  ['a damaged file of SQLite', { code: 'ERR_SQLITE_ERROR', errcode: 11 }],
  ['a file that is no database of SQLite', { code: 'ERR_SQLITE_ERROR', errcode: 26 }],
  ['a right that SQLite lacks', { code: 'ERR_SQLITE_ERROR', errcode: 3 }],
  ['a lock of SQLite, by its extended code', { code: 'ERR_SQLITE_ERROR', errcode: 261 }],
])('after %s, events wait until the database takes them, and none is left out', async (_what, facts) => {
  let refuses = true;
  const { add, outcomes, batches, clock } = given(async () => {
    if (refuses) throw Object.assign(new Error('refused'), facts);
  });
  for (const event of [1, 2]) add(event);
  await settled();
  for (const pauseMs of [250, 500, 1_000, 2_000, 4_000]) await clock.advanceAsync(pauseMs);
  expect([outcomes, batches.leftOut, batches.isPausing]).toEqual([[], 0, true]);
  refuses = false;
  await clock.advanceAsync(10_000);
  await settled();
  expect([outcomes, batches.leftOut]).toEqual([['1 committed', '2 committed'], 0]);
});

test.each([
  ['a text with NUL', { code: '22021' }],
  ['a column that must have a value', { code: '23502' }],
  ['an entry that is too long for an index', { code: '54000' }],
  ['a constraint of SQLite, by its extended code', { code: 'ERR_SQLITE_ERROR', errcode: 1_299 }],
  ['a value that the driver does not take', { code: 'ERR_INVALID_ARG_TYPE' }],
])('an event that is refused for %s is left out', async (_what, facts) => {
  const { add, outcomes, batches } = given(async () => {
    throw Object.assign(new Error('refused'), facts);
  });
  add(1);
  await settled();
  await settled();
  expect([outcomes, batches.leftOut]).toEqual([['1 committed'], 1]);
});

test('a stop waits for the batch that is being written, and rejects the waiting events', async () => {
  const waiting: (() => void)[] = [];
  const { add, outcomes, batches, calls } = given(() => new Promise((resolve) => waiting.push(resolve)), 1);
  add(1);
  add(2);
  await settled();
  batches.stop();
  let isDrained = false;
  void batches.drained().then(() => (isDrained = true));
  await settled();
  expect([outcomes, isDrained]).toEqual([['2 given back'], false]);
  waiting.shift()?.();
  await settled();
  expect([outcomes, isDrained, calls]).toEqual([['2 given back', '1 committed'], true, [[1]]]);
  add(3);
  await settled();
  expect(outcomes.at(-1)).toBe('3 given back');
});

test('a stop while the database is unavailable rejects all events', async () => {
  const { add, outcomes, batches, clock } = given(async () => {
    throw new StoreUnavailable('away');
  });
  add(1);
  await settled();
  batches.stop();
  await settled();
  expect([outcomes, clock.armed]).toEqual([['1 given back'], 0]);
});

test('an event that no database can store is logged and counted, and does not delay others', async () => {
  const { add, batches, lines, calls } = given(() => Promise.resolve());
  add(1);
  batches.leaveOut(2, 'it has U+0000 in an id');
  await batches.drained();
  expect([calls, batches.leftOut]).toEqual([[[1]], 1]);
  expect(lines.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'an event cannot be stored, and is left out'],
  ]);
});

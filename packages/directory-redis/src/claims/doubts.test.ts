import { expect, test } from 'vitest';
import { Doubts } from './doubts.ts';
import { assertionsPerSecond } from './pace.ts';

test('buckets that differ come before those that may differ, and these before those of the routine', () => {
  const doubts = new Doubts();
  doubts.routine(1);
  doubts.usual(2);
  doubts.usual(3);
  doubts.urgent(4);
  doubts.urgent(3);
  expect([1, 2, 3, 4, 5].map(() => doubts.take()?.bucket)).toEqual([4, 3, 2, 1, undefined]);
});

test('changes that were not sent come before buckets that the engine may have lost, and only the changes of such a bucket are sent', () => {
  const doubts = new Doubts();
  doubts.usual(1);
  doubts.usual(2);
  doubts.unasked(2);
  doubts.unasked(3);
  doubts.urgent(3);
  expect(doubts.any).toBe(true);
  expect([1, 2, 3, 4, 5].map(() => doubts.take())).toEqual([
    { bucket: 3, what: 'all' },
    { bucket: 2, what: 'unknown' },
    { bucket: 1, what: 'all' },
    { bucket: 2, what: 'all' },
    undefined,
  ]);
  doubts.unasked(4);
  expect(doubts.any).toBe(true);
});

test('a bucket of the routine is not in doubt; one that was not answered is, and comes again later', () => {
  const doubts = new Doubts();
  doubts.routine(1);
  expect(doubts.any).toBe(false);
  doubts.take();
  doubts.later(7);
  expect([doubts.any, doubts.take()]).toEqual([true, undefined]);
  doubts.retry();
  expect([doubts.take()?.bucket, doubts.any]).toEqual([7, false]);
});

test.each([
  [1, 2_000],
  [20, 1_500],
  [100, 300],
  [1_000, 300],
  [0, 2_000],
])('of %i instances, each asserts %i connections again in a second', (instances, perSecond) => {
  expect(assertionsPerSecond(instances)).toBe(perSecond);
});

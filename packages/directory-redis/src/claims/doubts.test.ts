import { expect, test } from 'vitest';
import { Doubts } from './doubts.ts';
import { assertionsPerSecond } from './pace.ts';

test('what differs comes before what may differ, and that before what is told now and then', () => {
  const doubts = new Doubts();
  doubts.routine(1);
  doubts.usual(2);
  doubts.usual(3);
  doubts.urgent(4);
  doubts.urgent(3);
  expect([1, 2, 3, 4, 5].map(() => doubts.take())).toEqual([4, 3, 2, 1, undefined]);
});

test('what is told now and then is no doubt; what was not answered is one, and comes again later', () => {
  const doubts = new Doubts();
  doubts.routine(1);
  expect(doubts.any).toBe(false);
  doubts.take();
  doubts.later(7);
  expect([doubts.any, doubts.take()]).toEqual([true, undefined]);
  doubts.retry();
  expect([doubts.take(), doubts.any]).toEqual([7, false]);
});

test.each([
  [1, 2_000],
  [20, 1_500],
  [100, 300],
  [1_000, 300],
  [0, 2_000],
])('of %i instances each tells %i again in a second', (instances, perSecond) => {
  expect(assertionsPerSecond(instances)).toBe(perSecond);
});

import { expect, test } from 'vitest';
import { RecentMap } from './recent-map.ts';

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

test('what was used of late is remembered, a generation of it at least, and never more than two', () => {
  const map = new RecentMap<number, string>(50);
  for (const key of numbers(0, 1_000)) map.set(key, `value ${key}`);
  const kept = numbers(0, 1_000).filter((key) => map.get(key) !== undefined);
  expect(kept.length).toBeLessThanOrEqual(100);
  expect(kept).toEqual(expect.arrayContaining(numbers(950, 1_000)));
  expect(map.get(999)).toBe('value 999');
});

test('what is found counts as used, and what is told again takes no more room', () => {
  const map = new RecentMap<number, string>(50);
  map.set(-1, 'regular');
  for (const key of numbers(0, 1_000)) {
    map.set(key, 'other');
    expect(map.get(-1)).toBe('regular');
  }
  for (const _time of numbers(0, 1_000)) map.set(-2, 'again');
  expect(map.get(-1)).toBe('regular');
});

test('what was deleted is gone, from either generation', () => {
  const map = new RecentMap<number, string>(1);
  map.set(1, 'old');
  map.set(2, 'young');
  map.delete(1);
  map.delete(2);
  expect([map.get(1), map.get(2)]).toEqual([undefined, undefined]);
});

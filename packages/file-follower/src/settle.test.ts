import type { Instant } from '@rollcall/core';
import { expect, test } from 'vitest';
import { settle, type Settling } from './settle.ts';

/** Looks at a file every half second; what it looks like in turn. */
function verdictsOf(looks: readonly string[], read: string | undefined): string[] {
  let state: Settling = { read, seen: read, since: 0 as Instant, changedAt: undefined };
  return looks.map((seen, index) => {
    const settled = settle(state, seen, (index * 500) as Instant);
    ({ state } = settled);
    if (settled.verdict === 'read-now') state = { ...state, read: seen };
    return settled.verdict;
  });
}

test('a file counts once it has not changed for a second', () => {
  expect(verdictsOf(['a', 'b', 'b', 'b', 'b'], 'a')).toEqual([
    'as-read',
    'wait',
    'wait',
    'read-now',
    'as-read',
  ]);
});

test('a file that is written in parts counts when the last one is there', () => {
  expect(verdictsOf(['b', 'c', 'c', 'd', 'd', 'd'], 'a')).toEqual([
    'wait',
    'wait',
    'wait',
    'wait',
    'wait',
    'read-now',
  ]);
});

test('a file that is put back meanwhile is as it was', () => {
  expect(verdictsOf(['b', 'a', 'a', 'a'], 'a')).toEqual(['wait', 'as-read', 'as-read', 'as-read']);
});

test('a file that never settles is told of after a minute, and until it does', () => {
  const looks = Array.from({ length: 122 }, (_, index) => String(index));
  const verdicts = verdictsOf(looks, 'read');
  expect(verdicts.slice(0, 120)).toEqual(looks.slice(0, 120).map(() => 'wait'));
  expect(verdicts.slice(120)).toEqual(['unsettled', 'unsettled']);
  expect(verdictsOf([...looks, '121', '121', 'new'], 'read').slice(-3)).toEqual([
    'unsettled',
    'read-now',
    'wait',
  ]);
});

test('the time of the file itself says how long it has not changed, where it is seen for the first time', () => {
  const state: Settling = { read: undefined, seen: undefined, since: 0 as Instant, changedAt: undefined };
  expect(settle(state, 'a', 0 as Instant, 1_000).verdict).toBe('read-now');
  const young = settle(state, 'a', 0 as Instant, 999);
  expect(young.verdict).toBe('wait');
  expect(settle(young.state, 'a', 1 as Instant, 0).verdict).toBe('read-now');
});

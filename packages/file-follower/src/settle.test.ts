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

test('a changed file is to be read once it has not changed for a second', () => {
  expect(verdictsOf(['a', 'b', 'b', 'b', 'b'], 'a')).toEqual([
    'as-read',
    'wait',
    'wait',
    'read-now',
    'as-read',
  ]);
});

test('a file that is written in parts is to be read a second after the last part', () => {
  expect(verdictsOf(['b', 'c', 'c', 'd', 'd', 'd'], 'a')).toEqual([
    'wait',
    'wait',
    'wait',
    'wait',
    'wait',
    'read-now',
  ]);
});

test('a file that changed back before it settled is not to be read', () => {
  expect(verdictsOf(['b', 'a', 'a', 'a'], 'a')).toEqual(['wait', 'as-read', 'as-read', 'as-read']);
});

test('a file that never settles is reported after a minute, until it settles', () => {
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

test('a file that is seen for the first time has been unchanged since its modification time', () => {
  const state: Settling = { read: undefined, seen: undefined, since: 0 as Instant, changedAt: undefined };
  expect(settle(state, 'a', 0 as Instant, 1_000).verdict).toBe('read-now');
  const young = settle(state, 'a', 0 as Instant, 999);
  expect(young.verdict).toBe('wait');
  expect(settle(young.state, 'a', 1 as Instant, 0).verdict).toBe('read-now');
});

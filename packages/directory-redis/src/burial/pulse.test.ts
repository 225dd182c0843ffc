import type { Instant } from '@rollcall/core';
import { expect, test } from 'vitest';
import { Pulse } from './pulse.ts';

/** The result for each second, given the signs of `a` and `b` at that time. */
function beating(...signs: readonly (readonly [a: string, b?: string])[]): string {
  const pulse = new Pulse(10_000);
  const said = signs.map(([a, b], index) =>
    pulse.beats(
      new Map([['a', a], ...(b === undefined ? [] : [['b', b] as const])]),
      (index * 1_000) as Instant,
    ),
  );
  return said.map((beats) => (beats ? '+' : '-')).join('');
}

const still = Array.from({ length: 12 }, () => ['1', '1'] as const);

test('it beats while any instance gives signs of life', () => {
  expect(beating(...still.map(([a], index) => [a, String(index)] as const))).toBe('+'.repeat(12));
});

test('it stops when no instance gave one for half the time, and begins with the next one', () => {
  expect(beating(...still)).toBe('++++++------');
  expect(beating(...still, ['2', '1'], ['2', '1'])).toBe('++++++------++');
});

test('an instance that comes counts as a sign of life, and one that goes does not', () => {
  expect(beating(...still, ['1'])).toBe('++++++-------');
  expect(beating(['1'], ['1'], ['1'], ['1'], ['1'], ['1', '1'], ['1', '1'])).toBe('+++++++');
});

import type { Instant } from '@rollcall/core';
import { expect, test } from 'vitest';
import { Pulse } from './pulse.ts';

/** What it says each second, of the signs of `a` and `b` then. */
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

test('it beats while anybody gives signs of life', () => {
  expect(beating(...still.map(([a], index) => [a, String(index)] as const))).toBe('+'.repeat(12));
});

test('it stops when nobody gave one for half the time, and begins with the next one', () => {
  expect(beating(...still)).toBe('++++++------');
  expect(beating(...still, ['2', '1'], ['2', '1'])).toBe('++++++------++');
});

test('who comes is a sign of life, and who goes is none', () => {
  expect(beating(...still, ['1'])).toBe('++++++-------');
  expect(beating(['1'], ['1'], ['1'], ['1'], ['1'], ['1', '1'], ['1', '1'])).toBe('+++++++');
});

import { expect, test } from 'vitest';
import type { Instant } from '@rollcall/core';
import { learnedText, readLearned } from './learned-text.ts';
import { heard, type Rhythm } from './rhythm.ts';

test('a learned rhythm is read as it was written', () => {
  let rhythm: Rhythm = { closing: { returns: 2, ranOut: 1 } };
  for (let at = 0; at < 10; at++) rhythm = heard(rhythm, (at * 30_000) as Instant);
  const { gaps, closing } = rhythm;
  expect(readLearned(learnedText(rhythm))).toEqual({ gaps, closing });
});

test('without a learned rhythm there is no text', () => {
  expect(learnedText({})).toBeUndefined();
  expect(readLearned(undefined)).toEqual({});
});

const gaps = { count: 5, meanMs: 30_000, deviationMs: 10, recentMs: [30_000] };

test.each([
  ['no JSON', '{'],
  ['no object', '[1]'],
  ['null', 'null'],
  ['no numbers', JSON.stringify({ ...gaps, meanMs: 'x' })],
  ['less than nothing', JSON.stringify({ ...gaps, deviationMs: -1 })],
  ['no number at all', JSON.stringify(gaps).replace('30000', '1e999')],
  ['no gaps', JSON.stringify({ ...gaps, recentMs: [] })],
  ['gaps that are none', JSON.stringify({ ...gaps, recentMs: [null] })],
  ['too long', JSON.stringify({ ...gaps, recentMs: Array.from({ length: 400 }, () => 30_000) })],
])('a text of others is ignored if it is %s', (_what, text) => {
  expect(readLearned(text)).toEqual({});
});

test('an invalid habit of closing is left out', () => {
  expect(readLearned(JSON.stringify({ ...gaps, closing: { returns: 'x', ranOut: 0 } }))).toEqual({ gaps });
});

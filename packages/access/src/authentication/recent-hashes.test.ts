import { createHash } from 'node:crypto';
import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createRecentHashes } from './recent-hashes.ts';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64');

test('what was added is known for 15 s at least, and for 30 s at most', () => {
  const clock = new ManualClock();
  const recent = createRecentHashes(clock);
  clock.advance(14_999);
  recent.add(hashOf('a'));
  clock.advance(15_000);
  expect(recent.has(hashOf('a'))).toBe(true);
  expect(recent.has(hashOf('b'))).toBe(false);
  clock.advance(15_000);
  expect(recent.has(hashOf('a'))).toBe(false);
});

test('nothing is left after a long time without a call', () => {
  const clock = new ManualClock();
  const recent = createRecentHashes(clock);
  recent.add(hashOf('a'));
  clock.advance(3_600_000);
  expect(recent.has(hashOf('a'))).toBe(false);
});

test('of a flood hardly any hash seems to have been seen before', () => {
  const recent = createRecentHashes(new ManualClock());
  for (let guess = 0; guess < 60_000; guess++) recent.add(hashOf(`guess-${guess}`));
  let mistaken = 0;
  for (let other = 0; other < 10_000; other++) if (recent.has(hashOf(`other-${other}`))) mistaken += 1;
  expect(mistaken).toBeLessThan(60);
});

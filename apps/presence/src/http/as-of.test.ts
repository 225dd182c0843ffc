import { expect, test } from 'vitest';
import type { Timestamp } from '@rollcall/core';
import { asOf } from './as-of.ts';

test('no answer is of a time that is yet to come', () => {
  const now = Date.parse('2026-11-28T12:00:00Z') as Timestamp;
  const facts = { now, followedSince: now, announceIntervalMs: 60_000 };
  expect(asOf({ ...facts, readThrough: (now + 3_600_000) as Timestamp })).toMatchObject({
    at: now,
    lagMs: 0,
    isComplete: false,
  });
});

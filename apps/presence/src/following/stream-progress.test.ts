import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { Timestamp } from '@rollcall/core';
import { StreamProgress } from './stream-progress.ts';

function given(credit = 3) {
  const clock = new ManualClock();
  const begin = clock.now();
  const progress = new StreamProgress({ clock, credit });
  return {
    clock,
    progress,
    /** Milliseconds since the start. */
    readThrough: () => (progress.readThrough === undefined ? undefined : progress.readThrough - begin),
    turn(): void {
      clock.advance(500);
      progress.turn();
    },
  };
}

test('nothing was read before the first whole turn with a link', () => {
  const { progress, readThrough, turn } = given();
  turn();
  expect(readThrough()).toBeUndefined();
  progress.attached(true);
  turn();
  expect(readThrough()).toBeUndefined();
  turn();
  expect(readThrough()).toBe(1_500);
});

test('without more events the stream was read until now; with one under way, until it came', () => {
  const { progress, readThrough, turn, clock } = given();
  progress.attached(true);
  turn();
  turn();
  clock.advance(100);
  const isOver = progress.received();
  turn();
  expect(readThrough()).toBe(1_100);
  isOver();
  turn();
  expect(readThrough()).toBe(2_100);
});

test('while the network sends as much as it may, more may wait there: then the oldest event of a batch shows how far it was read', () => {
  const { progress, readThrough, turn, clock } = given();
  progress.attached(true);
  turn();
  turn();
  expect(readThrough()).toBe(1_000);
  for (let round = 0; round < 4; round += 1) {
    const over = [progress.received(), progress.received(), progress.received()];
    turn();
    for (const isOver of over) isOver();
  }
  expect(readThrough()).toBe(1_000);
  const behindMs = 1_500;
  progress.committed((clock.now() - behindMs) as Timestamp);
  expect(readThrough()).toBe(1_500);
  // Events that are sent again after an adapter was away, or from a clock that is ahead.
  progress.committed((clock.now() - 100_000) as Timestamp);
  expect(readThrough()).toBe(1_500);
  progress.committed((clock.now() + 100_000) as Timestamp);
  expect(readThrough()).toBe(3_000);
});

test('after this process stood still, it may have to read what came meanwhile: only the next turn shows that', () => {
  const { progress, readThrough, turn, clock } = given();
  progress.attached(true);
  turn();
  turn();
  expect(readThrough()).toBe(1_000);
  // Stopped, and its timers ring before anything that came is read.
  clock.advance(20_000);
  turn();
  expect(readThrough()).toBe(1_000);
  turn();
  expect(readThrough()).toBe(22_000);
});

test('without a link, time passes, but the stream is not read further', () => {
  const { progress, readThrough, turn } = given();
  progress.attached(true);
  turn();
  turn();
  progress.attached(false);
  turn();
  turn();
  expect(readThrough()).toBe(1_000);
});

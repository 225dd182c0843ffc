import { ManualClock } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { DeadlineTimer } from './deadline-timer.ts';

function givenATimer(): {
  clock: ManualClock;
  timer: DeadlineTimer;
  rings(): number;
  in(ms: number): Instant;
} {
  const clock = new ManualClock();
  let rings = 0;
  const timer = new DeadlineTimer(clock, () => (rings += 1));
  return { clock, timer, rings: () => rings, in: (ms) => later(clock.monotonic(), ms) };
}

test('a timer rings once, at the earliest of its deadlines', () => {
  const { clock, timer, rings, ...at } = givenATimer();
  timer.ringBy(at.in(100));
  timer.ringBy(at.in(50));
  timer.ringBy(at.in(200));
  clock.advance(49);
  expect(rings()).toBe(0);
  clock.advance(1);
  expect(rings()).toBe(1);
  clock.advance(1_000);
  expect(rings()).toBe(1);
});

test('a timer knows by when it rings', () => {
  const { clock, timer, ...at } = givenATimer();
  expect(timer.ringsBy(at.in(100))).toBe(false);
  timer.ringBy(at.in(100));
  expect(timer.ringsBy(at.in(99))).toBe(false);
  expect(timer.ringsBy(at.in(100))).toBe(true);
  clock.advance(100);
  expect(timer.ringsBy(at.in(100))).toBe(false);
});

test('a timer without a deadline does not ring', () => {
  const { clock, timer, rings, ...at } = givenATimer();
  timer.ringBy(at.in(100));
  timer.ringBy(undefined);
  timer.ringBy(at.in(100));
  timer.disarm();
  clock.advance(1_000);
  expect(rings()).toBe(0);
});

import { ManualClock } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { expect, test } from 'vitest';
import { createMessageRate } from './message-rate.ts';

const device = deviceRef('acme', 'd1');

function givenARate(perSecond: number) {
  const clock = new ManualClock();
  const rate = createMessageRate(clock, perSecond);
  const allowed = (tries: number, of = device): number =>
    Array.from({ length: tries }, () => rate.allows(of)).filter(Boolean).length;
  return { clock, allowed };
}

test('0 is no limit', () => {
  expect(givenARate(0).allowed(100_000)).toBe(100_000);
});

test('a burst of one second, and then the rate', () => {
  const { clock, allowed } = givenARate(50);
  expect(allowed(100)).toBe(50);
  clock.advance(100);
  expect(allowed(100)).toBe(5);
  clock.advance(3_600_000);
  expect(allowed(100)).toBe(50);
});

test('a low rate allows a small burst too', () => {
  const { clock, allowed } = givenARate(1);
  expect(allowed(100)).toBe(10);
  clock.advance(5_000);
  expect(allowed(100)).toBe(5);
});

test('over a long time no device has more than its rate, whenever buckets are forgotten', () => {
  const { clock, allowed } = givenARate(10);
  let total = 0;
  for (let step = 0; step < 1_000; step++) {
    total += allowed(20);
    clock.advance(130);
  }
  expect(total).toBeLessThanOrEqual(10 + 1_300);
  expect(total).toBeGreaterThan(1_280);
});

test('devices do not share', () => {
  const { allowed } = givenARate(10);
  expect(allowed(20)).toBe(10);
  expect(allowed(20, deviceRef('umbrella', 'd1'))).toBe(10);
});

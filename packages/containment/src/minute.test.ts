import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createMinute } from './minute.ts';

test('a minute that is begun again while it runs ends once, a minute after it began', () => {
  const clock = new ManualClock();
  const ends: number[] = [];
  const minute = createMinute(clock, () => ends.push(clock.monotonic()));
  const begunAt = clock.monotonic();
  expect(minute.isRunning()).toBe(false);
  expect(minute.begin()).toBe(true);
  clock.advance(59_999);
  expect(minute.isRunning()).toBe(true);
  expect(minute.begin()).toBe(false);
  expect(ends).toEqual([]);
  clock.advance(1);
  expect(minute.isRunning()).toBe(false);
  expect(ends).toEqual([begunAt + 60_000]);
  clock.advance(600_000);
  expect(ends).toHaveLength(1);
});

test('the next minute can begin when one is over', () => {
  const clock = new ManualClock();
  let ended = 0;
  const minute = createMinute(clock, () => {
    ended += 1;
    if (ended < 3) minute.begin();
  });
  minute.begin();
  clock.advance(600_000);
  expect(ended).toBe(3);
});

test('a minute that is stopped never ends, leaves no timer, and can begin again', () => {
  const clock = new ManualClock();
  let ended = 0;
  const minute = createMinute(clock, () => (ended += 1));
  minute.begin();
  minute.stop();
  minute.stop();
  expect(clock.armed).toBe(0);
  clock.advance(60_000);
  expect(ended).toBe(0);
  expect(minute.begin()).toBe(true);
});

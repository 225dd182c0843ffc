import { seededRandom } from '@rollcall/conformance';
import type { Instant, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { createWallTime } from './wall-time.ts';

/** A wall clock that counts whole milliseconds, and a monotonic one with fractions: as the system has them. */
function givenClocks() {
  let monotonicMs = 1_000.25;
  let aheadMs = 1_767_268_800_000.6;
  const clock: Clock = {
    now: () => Math.floor(monotonicMs + aheadMs) as Timestamp,
    monotonic: () => monotonicMs as Instant,
    at: () => () => {},
  };
  return {
    clock,
    pass: (ms: number) => (monotonicMs += ms),
    step: (ms: number) => (aheadMs += ms),
    truth: () => monotonicMs + aheadMs,
  };
}

test.each([1, 2, 3, 4, 5])(
  'a later instant has no earlier time, whatever its connection began with (seed %i)',
  (seed) => {
    const random = seededRandom(seed);
    const { clock, pass, truth } = givenClocks();
    const wall = createWallTime(clock);
    const began = [wall.offset()];
    let before = 0;
    for (let happened = 0; happened < 5_000; happened++) {
      pass(random.next() * 1.5);
      const at =
        random.pick(2) === 0
          ? wall.at(clock.monotonic())
          : wall.since(began[random.pick(began.length)] ?? 0, clock.monotonic());
      if (random.pick(10) === 0) began.push(wall.offset());
      expect(at).toBeGreaterThanOrEqual(before);
      expect(Math.abs(at - truth())).toBeLessThan(2);
      before = at;
    }
  },
);

test('a wall clock that is set changes the time of later beginnings, not the length of what has begun', () => {
  const { clock, pass, step } = givenClocks();
  const wall = createWallTime(clock);
  for (const stepMs of [-3_600_000, 7_200_000, -5, 5]) {
    const began = wall.offset();
    const beganAt = wall.at(clock.monotonic());
    pass(10_000);
    step(stepMs);
    expect(wall.since(began, clock.monotonic()) - beganAt).toBe(10_000);
    expect(Math.abs(wall.at(clock.monotonic()) - clock.now())).toBeLessThanOrEqual(1);
  }
});

test.each([1, 2, 3])('a process that is held up between two clocks does not shift time (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const { clock, pass, truth } = givenClocks();
  const heldUp: Clock = {
    ...clock,
    now() {
      const now = clock.now();
      if (random.pick(3) === 0) pass(40);
      return now;
    },
  };
  const wall = createWallTime(heldUp);
  const began = wall.offset();
  for (let happened = 0; happened < 1_000; happened++) {
    pass(10);
    const instant = clock.monotonic();
    const happenedAt = truth();
    expect(Math.abs(wall.at(instant) - happenedAt)).toBeLessThan(2);
    expect(Math.abs(wall.since(began, instant) - happenedAt)).toBeLessThan(2);
  }
});

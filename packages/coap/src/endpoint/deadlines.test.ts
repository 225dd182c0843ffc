import { ManualClock, seededRandom } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import { expect, test } from 'vitest';
import { createDeadline, createDeadlines, type Deadline } from './deadlines.ts';

test('deadlines that are set, moved and cleared at random wake in their order, at their time, on one timer', () => {
  const random = seededRandom(3);
  const clock = new ManualClock();
  const deadlines = createDeadlines(clock);
  const expected = new Map<Deadline, number>();
  const woken: number[] = [];
  const all = Array.from({ length: 200 }, () => {
    const deadline = createDeadline((now) => {
      expect(expected.get(deadline)).toBe(deadline.dueAt);
      expect(now).toBe(deadline.dueAt);
      expected.delete(deadline);
      woken.push(now);
    });
    return deadline;
  });
  for (let step = 0; step < 5_000; step++) {
    const deadline = all[random.pick(all.length)];
    if (deadline === undefined) continue;
    if (random.pick(3) === 0) {
      deadlines.clear(deadline);
      expected.delete(deadline);
    } else {
      const dueAt = clock.monotonic() + 1 + random.pick(1_000);
      deadlines.set(deadline, dueAt);
      expected.set(deadline, dueAt);
    }
    if (random.pick(4) === 0) clock.advance(random.pick(40));
    expect(deadlines.size).toBe(expected.size);
    expect(clock.armed).toBeLessThanOrEqual(1);
  }
  clock.advance(2_000);
  expect(expected.size).toBe(0);
  expect(woken.length).toBeGreaterThan(500);
  expect(woken).toEqual(woken.toSorted((a, b) => a - b));
  expect(clock.armed).toBe(0);
});

test('a deadline that is cleared early costs no timer', () => {
  const clock = new ManualClock();
  let armings = 0;
  const deadlines = createDeadlines({
    monotonic: () => clock.monotonic(),
    at(deadline, wake) {
      armings++;
      return clock.at(deadline as Instant, wake);
    },
  });
  for (let request = 0; request < 100; request++) {
    const deadline = createDeadline(() => {});
    deadlines.set(deadline, clock.monotonic() + 500);
    deadlines.clear(deadline);
    clock.advance(1);
  }
  expect(armings).toBe(1);
});

test('a deadline that sets itself again while it wakes is met again', () => {
  const clock = new ManualClock();
  const deadlines = createDeadlines(clock);
  let rounds = 0;
  const deadline = createDeadline((now) => {
    rounds++;
    deadlines.set(deadline, now + 10);
  });
  deadlines.set(deadline, clock.monotonic() + 10);
  clock.advance(100);
  expect(rounds).toBe(10);
  deadlines.close();
  clock.advance(100);
  expect(rounds).toBe(10);
  expect(clock.armed).toBe(0);
});

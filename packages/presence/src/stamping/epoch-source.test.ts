import { ManualClock, seededRandom } from '@rollcall/conformance';
import type { Epoch } from '@rollcall/core';
import { expect, test } from 'vitest';
import { createEpochSource } from './epoch-source.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function physicalMs(epoch: Epoch): number {
  return Number.parseInt(epoch.slice(0, 12), 16);
}

test.each([1, 2, 3, 4, 5])('grows whatever the wall clock does (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  let last = next();
  for (let i = 0; i < 2_000; i++) {
    if (random.pick(10) === 0) clock.stepWall((random.next() - 0.5) * 48 * hourMs);
    clock.advance(random.pick(3) * random.pick(1_000));
    const epoch = next();
    expect(epoch).toMatch(/^[0-9a-f]{16}$/);
    expect(epoch > last, `${epoch} after ${last}`).toBe(true);
    last = epoch;
  }
});

test('follows the wall clock', () => {
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  next();
  clock.advance(hourMs);
  expect(physicalMs(next())).toBe(clock.now());
});

test('a wall clock set a day ahead and back moves the epoch at most a minute ahead', () => {
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  const before = physicalMs(next());
  clock.stepWall(24 * hourMs);
  const during = physicalMs(next());
  clock.stepWall(-24 * hourMs);
  expect(during - before).toBeLessThanOrEqual(minuteMs);
  clock.advance(2 * minuteMs);
  expect(physicalMs(next())).toBe(clock.now());
});

test('begins above the high-water mark of an earlier incarnation, also when the wall clock is behind it', () => {
  const clock = new ManualClock();
  const highWater = `${(clock.now() + hourMs).toString(16).padStart(12, '0')}ffff` as Epoch;
  const epoch = createEpochSource(clock, highWater)();
  expect(epoch > highWater).toBe(true);
});

test('outlasts its counter: more epochs in one millisecond than it can count', () => {
  const next = createEpochSource(new ManualClock());
  const epochs = Array.from({ length: 70_000 }, next);
  expect(epochs.every((epoch, index) => index === 0 || epoch > (epochs[index - 1] ?? ''))).toBe(true);
});

test('is whole, also where clocks count fractions of a millisecond', () => {
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  for (let i = 0; i < 20; i++) {
    clock.advance(0.3);
    if (i === 10) next.follow(epochAt(clock.now() + 500.7));
    expect([next(), next.own()].join()).toMatch(/^[0-9a-f]{16},[0-9a-f]{16}$/);
  }
});

test('follows the clock of others while time passes, and stops following when they are gone', () => {
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  const begun = clock.now();
  next.follow(epochAt(begun + 3_000));
  clock.advance(1_000);
  expect(physicalMs(next())).toBe(begun + 4_000);
  expect(physicalMs(next.own()), 'what it tells others is its own').toBe(begun + 1_000);
  // They have left, or were set right.
  next.follow(next.own());
  clock.advance(1_000);
  const before = next();
  expect(physicalMs(before)).toBe(begun + 4_000);
  clock.advance(3_000);
  expect(physicalMs(next())).toBe(clock.now());
});

test('a clock of others that is a day ahead moves the epoch at most a minute at a time', () => {
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  const begun = physicalMs(next());
  const dayAhead = epochAt(clock.now() + 24 * hourMs);
  for (let sign = 0; sign < 3; sign++) next.follow(dayAhead);
  expect(physicalMs(next()) - begun, 'each time that it is told, and with each epoch').toBe(4 * minuteMs);
  expect(physicalMs(next()) - begun).toBe(5 * minuteMs);
});

test('a wall clock of its own that is set wrong for a moment is not followed while no epoch is given out', () => {
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  const begun = physicalMs(next());
  clock.stepWall(24 * hourMs);
  for (let sign = 0; sign < 10; sign++) next.follow(next.own());
  clock.stepWall(-24 * hourMs);
  next.follow(next.own());
  expect(physicalMs(next()) - begun).toBeLessThanOrEqual(minuteMs);
});

test('a displaced epoch is exceeded, however far ahead it is, and an older one changes nothing', () => {
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  const displaced = `${(clock.now() + hourMs).toString(16).padStart(12, '0')}ffff` as Epoch;
  next.exceed(displaced);
  const after = next();
  expect(after > displaced).toBe(true);
  next.exceed(epochAt(clock.now()));
  expect(next() > after).toBe(true);
  expect(physicalMs(next())).toBe(clock.now() + hourMs + 1);
  expect(physicalMs(next.own())).toBe(clock.now());
});

function epochAt(ms: number): Epoch {
  return `${Math.floor(ms).toString(16).padStart(12, '0')}0000` as Epoch;
}

test('how far it is behind a wall clock that was set forward is known until it is to be forgotten', () => {
  const clock = new ManualClock();
  const next = createEpochSource(clock);
  next();
  expect(next.behindMs()).toBe(0);
  clock.stepWall(600_000);
  next();
  expect(next.behindMs()).toBe(540_000);
  clock.stepWall(-600_000);
  next();
  expect(next.behindMs()).toBe(540_000);
  next.forgetBehind();
  next();
  expect(next.behindMs()).toBe(0);
});

import { ManualClock, seededRandom } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { createLoopWatch } from './loop-watch.ts';

function givenALoop() {
  const clock = new ManualClock();
  const loop = createLoopWatch(clock);
  return { clock, loop, now: () => loop.latenessMs(clock.monotonic()) };
}

test('a healthy loop is never late', () => {
  const { clock, loop, now } = givenALoop();
  for (let passedMs = 0; passedMs < 10_000; passedMs += 37) {
    expect(now()).toBe(0);
    clock.advance(37);
  }
  expect(loop.deafUntil()).toBeUndefined();
});

test.each([1_000, 5_000, 60_000])(
  'after a stall of %i ms, what is read may be as old as the stall, until the loop is in time again',
  (stallMs) => {
    const { clock, now } = givenALoop();
    clock.advance(250);
    clock.stall(stallMs);
    expect(now()).toBeGreaterThanOrEqual(stallMs - 50);
    expect(now()).toBeLessThanOrEqual(stallMs + 100);
    clock.advance(1_000);
    expect(now()).toBe(0);
  },
);

test('what is read some time after a late ring is older by that time, too', () => {
  const { clock, now } = givenALoop();
  clock.advance(250);
  clock.stall(3_000);
  const atOnce = now();
  clock.advance(90);
  expect(now()).toBe(atOnce + 90);
});

test('it is late before its timer could say so', () => {
  const clock = new ManualClock();
  const seen: number[] = [];
  // This one is due first, as the deadline of a device may be.
  clock.at(later(clock.monotonic(), 10), () => seen.push(loop.latenessMs(clock.monotonic())));
  const loop = createLoopWatch(clock);
  clock.stall(5_000);
  expect(seen[0]).toBeGreaterThanOrEqual(5_000);
});

test('what was observed late is known later too', () => {
  const { clock, loop } = givenALoop();
  clock.advance(10_000);
  const before = clock.monotonic();
  clock.advance(150);
  clock.stall(3_000);
  const during = clock.monotonic();
  clock.advance(60_000);
  expect(loop.latenessMs(before)).toBe(0);
  expect(loop.latenessMs(during)).toBeGreaterThanOrEqual(2_950);
  expect(loop.latenessMs(later(during, 30_000))).toBe(0);
});

test('what was read just before a stall was not late, whenever that is asked', () => {
  const { clock, loop } = givenALoop();
  clock.advance(210);
  const before = clock.monotonic();
  clock.stall(3_000);
  const after = clock.monotonic();
  expect(loop.latenessMs(before)).toBe(0);
  for (const passedMs of [0, 90, 10, 60_000]) {
    clock.advance(passedMs);
    expect(loop.latenessMs(before)).toBe(0);
    expect(loop.latenessMs(after)).toBeGreaterThanOrEqual(3_000);
  }
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a process that is stopped at any statement, also of the watch itself, was late: before reading %i of the clock',
  (reading) => {
    const { clock, loop } = givenALoop();
    clock.advance(250);
    clock.stallBeforeReading(reading, 8_000);
    clock.advance(60);
    while (clock.monotonic() < 8_000) loop.latenessMs(clock.monotonic());
    const observed = clock.monotonic();
    expect(loop.latenessMs(observed)).toBeGreaterThanOrEqual(8_000);
    expect(loop.deafUntil()).toBe(later(observed, 1_000));
    clock.advance(5_000);
    expect(loop.latenessMs(observed)).toBeGreaterThanOrEqual(8_000);
  },
);

test('silence proves nothing for a second after a stall of more than a second', () => {
  const { clock, loop } = givenALoop();
  clock.advance(250);
  clock.stall(900);
  expect(loop.deafUntil()).toBeUndefined();
  clock.advance(1_000);
  clock.stall(2_000);
  expect(loop.deafUntil()).toBe(later(clock.monotonic(), 1_000));
  clock.advance(999);
  expect(loop.deafUntil()).toBeDefined();
  clock.advance(1);
  expect(loop.deafUntil()).toBeUndefined();
});

test('a loop that catches up is given its second from when it has', () => {
  const { clock, loop } = givenALoop();
  clock.stall(10_000);
  for (let busy = 0; busy < 5; busy++) clock.stall(400);
  expect(loop.deafUntil()).toBe(later(clock.monotonic(), 1_000));
});

test.each([1, 2, 3, 4, 5])('whatever the loop does, nothing is older than it says (seed %i)', (seed) => {
  const random = seededRandom(seed);
  for (let run = 0; run < 50; run++) {
    const { clock, loop } = givenALoop();
    const observed: { readonly at: Instant; readonly olderByMs: number }[] = [];
    for (let pause = 0; pause < 40; pause++) {
      const before = clock.monotonic();
      const stalled = random.pick(3) === 0;
      if (stalled) clock.stall(1 + random.pick(5_000));
      else clock.advance(1 + random.pick(500));
      // Sockets are read with each turn of the loop: what is read after a stall may have come with its beginning.
      observed.push({ at: clock.monotonic(), olderByMs: stalled ? clock.monotonic() - before : 0 });
    }
    // Up to its tolerance, a loop counts as healthy.
    const late = observed.filter(({ olderByMs }) => olderByMs > 150);
    expect(late.filter(({ at, olderByMs }) => loop.latenessMs(at) < olderByMs)).toEqual([]);
  }
});

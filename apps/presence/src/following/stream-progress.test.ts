import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { Timestamp } from '@rollcall/core';
import { StreamProgress } from './stream-progress.ts';

function given({ credit = 3, hasSeveralQueues = false } = {}) {
  const clock = new ManualClock();
  const begin = clock.now();
  const progress = new StreamProgress({ clock, credit, hasSeveralQueues });
  return {
    clock,
    progress,
    /** Milliseconds since the start. */
    readThrough: () => (progress.readThrough === undefined ? undefined : progress.readThrough - begin),
    check(): void {
      clock.advance(500);
      progress.check();
    },
  };
}

test('nothing counts as read before the link was attached for a whole interval', () => {
  const { progress, readThrough, check } = given();
  check();
  expect(readThrough()).toBeUndefined();
  progress.attached(true);
  check();
  expect(readThrough()).toBeUndefined();
  check();
  expect(readThrough()).toBe(1_500);
});

test('where checks come in short turns, a network still has half a second to begin with what waits', () => {
  const { progress, readThrough, clock } = given();
  progress.attached(true);
  const read = [200, 400, 600].map(() => {
    clock.advance(200);
    progress.check();
    return readThrough();
  });
  expect(read).toEqual([undefined, undefined, 600]);
});

test('while no event is uncommitted, the stream is read until now; while one is, until that one came', () => {
  const { progress, readThrough, check, clock } = given();
  progress.attached(true);
  check();
  check();
  clock.advance(100);
  const isOver = progress.received();
  check();
  expect(readThrough()).toBe(1_100);
  isOver();
  check();
  expect(readThrough()).toBe(2_100);
});

test('while the network uses the whole credit, only the oldest event of a committed batch shows how far the stream is read', () => {
  const { progress, readThrough, check, clock } = given();
  progress.attached(true);
  check();
  check();
  expect(readThrough()).toBe(1_000);
  for (let round = 0; round < 4; round += 1) {
    const over = [progress.received(), progress.received(), progress.received()];
    check();
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

test('after the process was stopped, the stream does not count as read until one more interval is over', () => {
  const { progress, readThrough, check, clock } = given();
  progress.attached(true);
  check();
  check();
  expect(readThrough()).toBe(1_000);
  // Stopped, and its timers ring before anything that came is read.
  clock.advance(20_000);
  check();
  expect(readThrough()).toBe(1_000);
  check();
  expect(readThrough()).toBe(22_000);
});

test.each([1, 2, 3, 4, 5, 6])(
  'a process that is stopped during a check has not read what came meanwhile: before reading %i of the clocks',
  (reading) => {
    const { progress, readThrough, check, clock } = given();
    progress.attached(true);
    check();
    check();
    clock.advance(500);
    clock.stallBeforeReading(reading, 20_000);
    progress.check();
    // What this test itself reads is no statement of the check.
    clock.stallBeforeReading(0, 0);
    expect(readThrough()).toBeLessThanOrEqual(1_500);
    check();
    check();
    expect(readThrough()).toBeGreaterThan(1_500);
  },
);

test('while no link is attached, the stream is not read further', () => {
  const { progress, readThrough, check } = given();
  progress.attached(true);
  check();
  check();
  progress.attached(false);
  check();
  check();
  expect(readThrough()).toBe(1_000);
});

test('of several queues, an event of one does not show how far the others are read', () => {
  const { progress, readThrough, check, clock } = given({ hasSeveralQueues: true });
  progress.committed(clock.now());
  expect(readThrough()).toBeUndefined();
  progress.attached(true);
  check();
  check();
  expect(readThrough()).toBe(1_000);
  // The first queue has more than the credit, and the others are read at once.
  const over = [progress.received(), progress.received(), progress.received()];
  check();
  for (const isOver of over) isOver();
  progress.committed(clock.now());
  expect(readThrough()).toBe(1_000);
  // One of them is lost.
  progress.attached(false);
  check();
  progress.committed(clock.now());
  expect(readThrough()).toBe(1_000);
});

test('after the wall clock was ahead, the stream is not read until a time that is yet to come', () => {
  const { progress, readThrough, check, clock } = given();
  const hourMs = 3_600_000;
  progress.attached(true);
  check();
  clock.stepWall(hourMs);
  check();
  check();
  expect(readThrough()).toBe(hourMs + 1_500);
  const isOver = progress.received();
  clock.stepWall(-hourMs);
  check();
  // The event that waits came then.
  expect(readThrough()).toBe(1_500);
  isOver();
  check();
  expect(readThrough()).toBe(2_500);
});

test('messages that are settled as they come use the credit too: more may wait behind them, whatever they are', () => {
  const { progress, readThrough, check } = given();
  progress.attached(true);
  check();
  check();
  expect(readThrough()).toBe(1_000);
  // Such as uploads that waited together with the events.
  for (let count = 0; count < 10; count += 1) progress.received()();
  check();
  expect(readThrough()).toBe(1_000);
  progress.received()();
  progress.received()();
  check();
  expect(readThrough()).toBe(2_000);
});

test('messages that were unsettled at a check, and those that come until the next one, use the credit together', () => {
  const { progress, readThrough, check } = given();
  progress.attached(true);
  check();
  const first = progress.received();
  const second = progress.received();
  check();
  const came = readThrough();
  first();
  const third = progress.received();
  check();
  // Never more than two at a time, but with the renewed credit the network could send three.
  expect(readThrough()).toBe(came);
  second();
  third();
  check();
  expect(readThrough()).toBe(2_000);
});

test('many messages that were all sent long ago show that more may wait, also where the network sends them slowly', () => {
  const { progress, readThrough, check, clock } = given({ credit: 100 });
  const sentAt = (agoMs: number): Timestamp => (clock.now() - agoMs) as Timestamp;
  progress.attached(true);
  check();
  check();
  for (let count = 0; count < 25; count += 1) progress.received({ sentAt: sentAt(60_000) })();
  check();
  expect(readThrough()).toBe(1_000);
  // A few may be late by themselves: their adapter could not send them.
  for (let count = 0; count < 24; count += 1) progress.received({ sentAt: sentAt(60_000) })();
  check();
  expect(readThrough()).toBe(2_000);
  // One of now shows that the others are late by themselves, too.
  for (let count = 0; count < 25; count += 1) progress.received({ sentAt: sentAt(60_000) })();
  progress.received({ sentAt: sentAt(0) })();
  check();
  expect(readThrough()).toBe(2_500);
});

test('each of several queues has its own credit, and a message of unknown origin may use that of any', () => {
  const { progress, readThrough, check } = given({ hasSeveralQueues: true });
  progress.attached(true);
  check();
  check();
  for (const queue of ['acme', 'bolt', 'acme', 'bolt']) progress.received({ queue })();
  check();
  expect(readThrough()).toBe(1_500);
  for (const queue of ['acme', 'bolt', 'acme', undefined]) progress.received(queue ? { queue } : {})();
  check();
  expect(readThrough()).toBe(1_500);
});

test('messages of one queue count together, whatever tenants they are of', () => {
  const { progress, readThrough, check } = given();
  progress.attached(true);
  check();
  check();
  for (const queue of ['acme', 'bolt', 'coil']) progress.received({ queue })();
  check();
  expect(readThrough()).toBe(1_000);
});

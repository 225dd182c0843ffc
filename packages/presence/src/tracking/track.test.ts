import { ManualClock } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { Change, ConnectionTracker } from '@rollcall/core/tracker';
import { expect, test } from 'vitest';
import { track, type TrackOptions } from './track.ts';

interface Lease {
  readonly until: Instant | undefined;
}

/** A tracker of nothing but time: each `renew` is good for ten seconds, and `hold` for any time. */
const lease: ConnectionTracker<Lease, { readonly type: 'renew' | 'hold' | 'leave' }> = {
  initial: { until: undefined },
  reduce(state, signal, at) {
    const basis = { kind: 'session', detectWithinMs: 10_000 } as const;
    if (signal.type === 'renew') {
      const until = later(at, 10_000);
      return {
        state: { until },
        changes: state.until ? [] : [{ type: 'connected', basis }],
        deadline: until,
      };
    }
    if (signal.type === 'hold') return { state: { until: later(at, 1e9) }, changes: [] };
    const isOver = signal.type === 'leave' || (state.until !== undefined && at >= state.until);
    if (state.until === undefined || !isOver) return { state, changes: [] };
    const change = { type: 'disconnected', reason: 'inactive', basis, lastSeen: at } as const;
    return { state: { until: undefined }, changes: [change] };
  },
  presence: ({ until }) => until && { lastSeen: later(until, -10_000) },
};

function givenALease(options: (clock: ManualClock) => TrackOptions = () => ({})) {
  const clock = new ManualClock();
  const changes: [Change['type'], Instant][] = [];
  const begun = clock.monotonic();
  const emit = (change: Change, at: Instant): void =>
    void changes.push([change.type, (at - begun) as Instant]);
  const tracked = track(lease, clock, emit, options(clock));
  return { clock, changes, tracked };
}

test('a deadline that is reached is signalled at its instant', () => {
  const { clock, changes, tracked } = givenALease();
  tracked.report({ type: 'renew' });
  clock.advance(60_000);
  expect(changes).toEqual([
    ['connected', 0],
    ['disconnected', 10_000],
  ]);
});

test('a deadline that moves later with every signal keeps one timer, and is met at the last one', () => {
  const { clock, changes, tracked } = givenALease();
  for (let second = 0; second < 25; second++) {
    tracked.report({ type: 'renew' });
    expect(clock.armed).toBe(1);
    clock.advance(1_000);
  }
  clock.advance(60_000);
  expect(changes).toEqual([
    ['connected', 0],
    ['disconnected', 34_000],
  ]);
  expect(clock.armed).toBe(0);
});

test('a deadline that is lifted for a while keeps one timer, which ends nothing before there is a deadline again', () => {
  const { clock, changes, tracked } = givenALease();
  for (let round = 0; round < 5; round++) {
    tracked.report({ type: 'renew' });
    tracked.report({ type: 'hold' });
    expect(clock.armed).toBe(1);
  }
  clock.advance(60_000);
  expect(changes).toEqual([['connected', 0]]);
  tracked.report({ type: 'renew' });
  clock.advance(60_000);
  expect(changes).toEqual([
    ['connected', 0],
    ['disconnected', 70_000],
  ]);
});

test.each(['renew', 'hold'] as const)('a device that leaves after %s leaves no timer', (type) => {
  const { clock, changes, tracked } = givenALease();
  tracked.report({ type: 'renew' });
  tracked.report({ type });
  tracked.report({ type: 'leave' });
  expect(changes.map(([what]) => what)).toEqual(['connected', 'disconnected']);
  expect(clock.armed).toBe(0);
});

const alwaysDeaf = (clock: ManualClock): TrackOptions => ({
  loop: { deafUntil: () => later(clock.monotonic(), 1_000) },
});

test('a loop that stays late puts a deadline off for five seconds', () => {
  const { clock, changes, tracked } = givenALease(alwaysDeaf);
  tracked.report({ type: 'renew' });
  clock.advance(60_000);
  expect(changes).toEqual([
    ['connected', 0],
    ['disconnected', 15_000],
  ]);
});

test('who is heard while a deadline is put off has the five seconds again at the next one', () => {
  const { clock, changes, tracked } = givenALease(alwaysDeaf);
  tracked.report({ type: 'renew' });
  clock.advance(14_000);
  tracked.report({ type: 'renew' });
  clock.advance(60_000);
  expect(changes).toEqual([
    ['connected', 0],
    ['disconnected', 29_000],
  ]);
});

test('a deadline that a standstill passed is put off, although it is long past', () => {
  const { clock, changes, tracked } = givenALease(alwaysDeaf);
  tracked.report({ type: 'renew' });
  clock.stall(60_000);
  clock.advance(4_000);
  expect(changes).toEqual([['connected', 0]]);
});

test('a stopped tracker leaves no timer', () => {
  const { clock, changes, tracked } = givenALease();
  tracked.report({ type: 'renew' });
  tracked.stop();
  expect(clock.armed).toBe(0);
  clock.advance(60_000);
  expect(changes).toHaveLength(1);
});

test('a tracker that stays present after it had to end is not called again', () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const changes: Change[] = [];
  const deaf: typeof lease = {
    ...lease,
    reduce: (state, signal, at) =>
      signal.type === 'ended' ? { state, changes: [] } : lease.reduce(state, signal, at),
  };
  const tracked = track(deaf, clock, (change) => changes.push(change), {
    onBroken: (error) => errors.push(error),
  });
  tracked.report({ type: 'renew' });
  tracked.report({ type: 'ended', reason: 'access-revoked' });
  tracked.report({ type: 'renew' });
  clock.advance(60_000);
  expect(changes).toMatchObject([{ type: 'connected' }]);
  expect(errors).toMatchObject([{ message: 'a tracker goes on after it was told to end' }]);
  expect(clock.armed).toBe(0);
});

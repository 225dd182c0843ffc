import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { LeaseState, LifeSign } from '@rollcall/core/directory';
import { describe, expect, test } from 'vitest';
import { plainLease, leaseTracker, type LeaseSignal } from './lease-tracker.ts';

const minute = 60_000;
const settings = { defaultMs: minute, minLearnedMs: 10_000, maxLearnedMs: 3_600_000, ttdGraceMs: 5_000 };
const tracker = leaseTracker(plainLease);
const begin = 1_000_000 as Instant;

function after(signals: readonly (readonly [atMs: number, signal: LeaseSignal])[]) {
  let state = tracker.initial;
  let step = tracker.reduce(state, { type: 'request', terms: settings }, begin);
  step = tracker.reduce(step.state, { type: 'answered' }, begin);
  const changes = [];
  for (const [atMs, signal] of signals) {
    step = tracker.reduce(step.state, signal, later(begin, atMs));
    changes.push(...step.changes);
  }
  ({ state } = step);
  return { state, changes, deadline: step.deadline, presence: tracker.presence(state) };
}

const heard = (sign: Partial<LifeSign>): LeaseSignal => ({
  type: 'heard-elsewhere',
  sign: { kind: 'request', ageMs: 0, ...sign },
  settings,
});

describe('a sign that another adapter heard', () => {
  test.each(['request', 'heard'] as const)('keeps the lease from when it was heard (%s)', (kind) => {
    const { presence, deadline } = after([[40_000, heard({ kind, ageMs: 500 })]]);
    expect(presence?.lastSeen).toBe(begin + 39_500);
    expect(deadline).toBe(begin + 39_500 + minute);
  });

  test('changes nothing if the device was heard here since', () => {
    const requested: LeaseSignal = { type: 'request', terms: settings };
    const before = after([[40_000, requested]]);
    const { presence } = after([
      [40_000, requested],
      [40_200, heard({ ageMs: 300 })],
    ]);
    expect(presence).toEqual(before.presence);
  });

  test('counts as a step of the rhythm, as a request does', () => {
    const { presence } = after([1, 2, 3, 4, 5].map((step) => [step * 20_000, heard({})] as const));
    expect(presence?.lease?.basis).toMatchObject({ from: 'learned' });
    const { presence: without } = after(
      [1, 2, 3, 4, 5].map((step) => [step * 20_000, heard({ kind: 'heard' })] as const),
    );
    expect(without?.lease?.basis).toMatchObject({ from: 'default' });
  });

  test('has the interval that its request declared, or waits for, and the interval stays if neither is known', () => {
    const basisAfter = (signal: LeaseSignal) => after([[20_000, signal]]).presence?.lease?.basis;
    expect(basisAfter(heard({ declaredMs: 120_000 }))).toMatchObject({
      from: 'declared',
      intervalMs: 120_000,
    });
    expect(basisAfter(heard({ ttdMs: 100_000 }))).toMatchObject({ from: 'ttd', intervalMs: 105_000 });
    expect(
      basisAfter({ type: 'heard-elsewhere', sign: { kind: 'request', ageMs: 0, declaredMs: 1 } }),
    ).toMatchObject({ from: 'default', intervalMs: minute });
  });

  test('has no more of a wait that is over than a request here would have', () => {
    const basisAfter = (...signals: Parameters<typeof after>[0]) =>
      after(signals).presence?.lease?.basis.detectWithinMs;
    const asked: LeaseSignal = { type: 'request', terms: { ...settings, ttdMs: 20_000 } };
    const answered: LeaseSignal = { type: 'answered' };
    expect(basisAfter([1_000, asked], [50_000, answered])).toBe(minute + 49_000);
    expect(basisAfter([1_000, asked], [50_000, answered], [60_000, heard({})])).toBe(minute);
    expect(basisAfter([60_000, heard({ ttdMs: 20_000 })])).toBe(minute + 20_000);
  });

  test('does not change whether the device is probed', () => {
    const terms = { ...settings, probeMs: 20_000 };
    const probed = tracker.reduce(tracker.initial, { type: 'request', terms }, begin).state;
    const basis = tracker.presence(probed)?.lease?.basis;
    const heardThere = tracker.reduce(probed, heard({}), later(begin, 20_000)).state;
    expect(basis?.detectWithinMs).toBeGreaterThan(minute);
    expect(tracker.presence(heardThere)?.lease?.basis.detectWithinMs).toBe(basis?.detectWithinMs);
  });

  test('ends the lease with a goodbye, as of the time of the goodbye', () => {
    const { changes } = after([[30_000, heard({ kind: 'goodbye', ageMs: 400 })]]);
    expect(changes).toMatchObject([
      { type: 'disconnected', reason: 'client-closed', lastSeen: begin + 29_600, endedAt: begin + 29_600 },
    ]);
  });

  test('ends nothing with a goodbye before the device came back to this adapter', () => {
    const { changes, presence } = after([
      [30_000, { type: 'heard' }],
      [30_100, heard({ kind: 'goodbye', ageMs: 400 })],
    ]);
    expect(changes).toEqual([]);
    expect(presence?.lastSeen).toBe(begin + 30_000);
  });

  test('begins no lease', () => {
    expect(tracker.reduce(tracker.initial, heard({}), begin).changes).toEqual([]);
  });
});

describe('a lease that goes on from elsewhere', () => {
  const basis = { kind: 'lease', intervalMs: 90_000, from: 'learned' } as const;
  const state: LeaseState = { basis, silentMs: 50_000, leftMs: 40_000 };
  const gaps = { count: 5, meanMs: 75_000, deviationMs: 0, recentMs: [75_000] };
  const goesOn: LeaseSignal = { type: 'goes-on', state, rhythm: { gaps } };

  test('has the interval of the other adapter, and the latest sign of this one', () => {
    const { presence, deadline, changes } = after([[1_000, goesOn]]);
    expect(presence).toMatchObject({ lastSeen: begin, lease: { basis } });
    expect(deadline).toBe(begin + 90_000);
    expect(changes).toEqual([]);
  });

  test('has the interval that the device declared here', () => {
    const declared: LeaseSignal = { type: 'request', terms: { ...settings, declaredMs: 30_000 } };
    const { presence } = after([
      [0, declared],
      [0, { type: 'answered' }],
      [1_000, goesOn],
    ]);
    expect(presence?.lease?.basis).toMatchObject({ from: 'declared', intervalMs: 30_000 });
  });

  test('exists again, without a change, if it had ended here', () => {
    const {
      presence,
      deadline,
      changes,
      state: now,
    } = after([
      [minute, { type: 'goodbye' }],
      [minute + 10, goesOn],
    ]);
    expect(changes.map(({ type }) => type)).toEqual(['disconnected']);
    expect(presence?.lastSeen).toBe(begin + minute + 10 - 50_000);
    expect(deadline).toBe(begin + minute + 10 + 40_000);
    expect(now).toMatchObject({ lease: { rhythm: { gaps }, openRequests: 0 } });
  });
});

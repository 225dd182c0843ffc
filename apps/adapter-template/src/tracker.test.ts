import { track, type SessionState } from '@rollcall/presence';
import { describeTracker, ManualClock } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import type { Change, CommonSignal } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { templateTracker, type TemplateSignal } from './tracker.ts';

const idleLimitMs = 60_000;
const basis = { kind: 'session', detectWithinMs: idleLimitMs } as const;
const now = 1_000_000 as Instant;

const signals = {
  accepted: { type: 'accepted', idleLimitMs },
  answered: { type: 'answered' },
  arrived: { type: 'arrived', whole: true },
  bye: { type: 'bye' },
  'socket-closed': { type: 'socket-closed' },
  'protocol-error': { type: 'protocol-error', text: 'unknown request' },
  ended: { type: 'ended', reason: 'access-revoked' },
  deadline: { type: 'deadline' },
} as const satisfies Record<string, TemplateSignal | CommonSignal>;

const states: Record<SessionState['phase'], SessionState> = {
  pending: { phase: 'pending' },
  online: {
    phase: 'online',
    lastSeen: (now - idleLimitMs) as Instant,
    aliveAt: (now - idleLimitMs) as Instant,
    answered: true,
    maxSilenceMs: idleLimitMs,
    basis,
  },
  closed: { phase: 'closed' },
};

// Every phase × every signal: the next phase, and what is published. A new phase or signal does not compile until its
// cell is filled in. `online` is at the end of its patience, so that the deadline is due.
const table = {
  pending: {
    accepted: ['online', 'connected'],
    answered: ['pending', 'nothing'],
    arrived: ['pending', 'nothing'],
    bye: ['closed', 'nothing'],
    'socket-closed': ['closed', 'nothing'],
    'protocol-error': ['closed', 'nothing'],
    ended: ['closed', 'nothing'],
    deadline: ['pending', 'nothing'],
  },
  online: {
    accepted: ['online', 'nothing'],
    answered: ['online', 'nothing'],
    arrived: ['online', 'nothing'],
    bye: ['closed', 'client-closed'],
    'socket-closed': ['closed', 'connection-lost'],
    'protocol-error': ['closed', 'protocol-error'],
    ended: ['closed', 'access-revoked'],
    deadline: ['closed', 'keepalive-timeout'],
  },
  closed: {
    accepted: ['closed', 'nothing'],
    answered: ['closed', 'nothing'],
    arrived: ['closed', 'nothing'],
    bye: ['closed', 'nothing'],
    'socket-closed': ['closed', 'nothing'],
    'protocol-error': ['closed', 'nothing'],
    ended: ['closed', 'nothing'],
    deadline: ['closed', 'nothing'],
  },
} as const satisfies Record<
  SessionState['phase'],
  Record<TemplateSignal['type'] | CommonSignal['type'], readonly [SessionState['phase'], string]>
>;

const published = (changes: readonly Change[]): string =>
  changes.map((change) => (change.type === 'connected' ? 'connected' : change.reason)).join() || 'nothing';

describe.each(Object.keys(table) as (keyof typeof table)[])('given %s', (phase) => {
  test.each(Object.keys(signals) as (keyof typeof signals)[])('when %s', (type) => {
    const step = templateTracker.reduce(states[phase], signals[type], now);
    expect([step.state.phase, published(step.changes)]).toEqual(table[phase][type]);
  });
});

const own = Object.values(signals).filter(({ type }) => type !== 'ended' && type !== 'deadline');
describeTracker('template', templateTracker, own as readonly TemplateSignal[]);

function givenAConnection() {
  const clock = new ManualClock();
  const seen: Change[] = [];
  const { report } = track(templateTracker, clock, (change) => seen.push(change));
  report(signals.accepted);
  report(signals.answered);
  return { clock, report, seen, last: () => seen.at(-1) };
}

describe('a device with an idle limit of 60 s', () => {
  test('is gone after 60 s in silence, and was last seen 60 s ago', () => {
    const { clock, report, last } = givenAConnection();
    clock.advance(45_000);
    report(signals.arrived);
    const lastSeen = clock.monotonic();
    clock.advance(59_999);
    expect(last()?.type).toBe('connected');
    clock.advance(1);
    expect(last()).toEqual({ type: 'disconnected', basis, reason: 'keepalive-timeout', lastSeen });
  });

  test('is not kept by a request that does not end, and was last seen with its last byte', () => {
    const { clock, report, last } = givenAConnection();
    clock.advance(59_000);
    report({ type: 'arrived', whole: false });
    const lastSeen = clock.monotonic();
    clock.advance(1_000);
    expect(last()).toMatchObject({ reason: 'keepalive-timeout', lastSeen });
  });

  test('stays as long as it talks', () => {
    const { clock, report, seen } = givenAConnection();
    for (let minute = 0; minute < 120; minute++) {
      clock.advance(59_000);
      report(signals.arrived);
    }
    expect(seen).toHaveLength(1);
  });

  test('ends once: the socket that closes after it broke the protocol changes nothing', () => {
    const { report, seen } = givenAConnection();
    report(signals['protocol-error']);
    report(signals['socket-closed']);
    expect(seen.map(({ type }) => type)).toEqual(['connected', 'disconnected']);
  });
});

test('a device that waits for its login is silent for our sake', () => {
  const clock = new ManualClock();
  const seen: Change[] = [];
  const { report } = track(templateTracker, clock, (change) => seen.push(change));
  report(signals.accepted);
  clock.advance(idleLimitMs);
  report(signals.answered);
  clock.advance(idleLimitMs - 1);
  expect(seen).toHaveLength(1);
  clock.advance(1);
  expect(seen[1]).toMatchObject({ reason: 'keepalive-timeout' });
});

import { track, type SessionState } from '@rollcall/presence';
import { describeTracker, ManualClock } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import type { Change, CommonSignal } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { amqpTracker, type AmqpSignal } from './tracker.ts';

const idleTimeoutMs = 60_000;
const basis = { kind: 'session', detectWithinMs: idleTimeoutMs } as const;
const now = 1_000_000 as Instant;

const signals = {
  accepted: { type: 'accepted', idleTimeoutMs },
  answered: { type: 'answered' },
  arrived: { type: 'arrived' },
  frame: { type: 'frame' },
  close: { type: 'close' },
  'socket-closed': { type: 'socket-closed' },
  'protocol-error': {
    type: 'protocol-error',
    code: 'amqp:connection:framing-error',
    text: 'a frame is too large',
  },
  ended: { type: 'ended', reason: 'access-revoked' },
  deadline: { type: 'deadline' },
} as const satisfies Record<string, AmqpSignal | CommonSignal>;

const states: Record<SessionState['phase'], SessionState> = {
  pending: { phase: 'pending' },
  online: {
    phase: 'online',
    lastSeen: (now - idleTimeoutMs) as Instant,
    aliveAt: (now - idleTimeoutMs) as Instant,
    answered: true,
    maxSilenceMs: idleTimeoutMs,
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
    frame: ['pending', 'nothing'],
    close: ['closed', 'nothing'],
    'socket-closed': ['closed', 'nothing'],
    'protocol-error': ['closed', 'nothing'],
    ended: ['closed', 'nothing'],
    deadline: ['pending', 'nothing'],
  },
  online: {
    accepted: ['online', 'nothing'],
    answered: ['online', 'nothing'],
    // Part of a frame keeps no device connected.
    arrived: ['online', 'nothing'],
    frame: ['online', 'nothing'],
    close: ['closed', 'client-closed'],
    'socket-closed': ['closed', 'connection-lost'],
    'protocol-error': ['closed', 'protocol-error'],
    ended: ['closed', 'access-revoked'],
    deadline: ['closed', 'keepalive-timeout'],
  },
  closed: {
    accepted: ['closed', 'nothing'],
    answered: ['closed', 'nothing'],
    arrived: ['closed', 'nothing'],
    frame: ['closed', 'nothing'],
    close: ['closed', 'nothing'],
    'socket-closed': ['closed', 'nothing'],
    'protocol-error': ['closed', 'nothing'],
    ended: ['closed', 'nothing'],
    deadline: ['closed', 'nothing'],
  },
} as const satisfies Record<
  SessionState['phase'],
  Record<AmqpSignal['type'] | CommonSignal['type'], readonly [SessionState['phase'], string]>
>;

const published = (changes: readonly Change[]): string =>
  changes.map((change) => (change.type === 'connected' ? 'connected' : change.reason)).join() || 'nothing';

describe.each(Object.keys(table) as (keyof typeof table)[])('given %s', (phase) => {
  test.each(Object.keys(signals) as (keyof typeof signals)[])('when %s', (type) => {
    const step = amqpTracker.reduce(states[phase], signals[type], now);
    expect([step.state.phase, published(step.changes)]).toEqual(table[phase][type]);
  });
});

describeTracker('amqp', amqpTracker, [
  signals.accepted,
  signals.answered,
  signals.arrived,
  signals.frame,
  signals.close,
  signals['socket-closed'],
  signals['protocol-error'],
]);

function givenAConnection() {
  const clock = new ManualClock();
  const seen: Change[] = [];
  const { report } = track(amqpTracker, clock, (change) => seen.push(change));
  report(signals.accepted);
  report(signals.answered);
  return { clock, report, seen, last: () => seen.at(-1) };
}

describe('a device with an idle time-out of 60 s', () => {
  test('is gone after 60 s without a frame, and was last seen 60 s ago', () => {
    const { clock, report, last } = givenAConnection();
    clock.advance(45_000);
    report(signals.arrived);
    report(signals.frame);
    const lastSeen = clock.monotonic();
    clock.advance(59_999);
    expect(last()?.type).toBe('connected');
    clock.advance(1);
    expect(last()).toEqual({ type: 'disconnected', basis, reason: 'keepalive-timeout', lastSeen });
  });

  test('stays as long as it talks', () => {
    const { clock, report, seen } = givenAConnection();
    for (let minute = 0; minute < 120; minute++) {
      clock.advance(59_000);
      report(signals.arrived);
      report(signals.frame);
    }
    expect(seen).toHaveLength(1);
  });

  test('ends once: the socket that closes after its Close changes nothing', () => {
    const { report, seen } = givenAConnection();
    report(signals.close);
    report(signals['socket-closed']);
    expect(seen.map(({ type }) => type)).toEqual(['connected', 'disconnected']);
  });

  test('leaves when its Close arrives, and not when its turn comes', () => {
    const { clock, report, last } = givenAConnection();
    clock.advance(45_000);
    report(signals.arrived);
    const lastSeen = clock.monotonic();
    clock.advance(40);
    report(signals.close);
    expect(last()).toMatchObject({ lastSeen, endedAt: lastSeen });
  });

  test('is not kept by a frame that does not end, and was last seen with its last byte', () => {
    const { clock, report, last } = givenAConnection();
    clock.advance(59_000);
    report(signals.arrived);
    const lastSeen = clock.monotonic();
    clock.advance(1_000);
    expect(last()).toMatchObject({ reason: 'keepalive-timeout', lastSeen });
  });

  test('that closes with an error leaves unclean, and the error is told', () => {
    const { report, last } = givenAConnection();
    report({ type: 'close', error: { code: 'amqp:internal-error', text: 'out of memory' } });
    expect(last()).toMatchObject({
      reason: 'client-closed',
      clean: false,
      raw: { code: 'amqp:internal-error', text: 'out of memory' },
    });
  });
});

test('a device that waits for our Open is silent for our sake', () => {
  const clock = new ManualClock();
  const seen: Change[] = [];
  const { report } = track(amqpTracker, clock, (change) => seen.push(change));
  report(signals.accepted);
  clock.advance(idleTimeoutMs);
  report(signals.answered);
  clock.advance(idleTimeoutMs - 1);
  expect(seen).toHaveLength(1);
  clock.advance(1);
  expect(seen[1]).toMatchObject({ reason: 'keepalive-timeout' });
});

import { track, type SessionState } from '@rollcall/presence';
import { describeTracker, ManualClock } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import type { Change, CommonSignal } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { mqttTracker, type MqttSignal } from './tracker.ts';

const liveness = { maxSilenceMs: 90_000, detectWithinMs: 90_000 };
const basis = { kind: 'session', detectWithinMs: 90_000 } as const;
const now = 1_000_000 as Instant;

const signals = {
  accepted: { type: 'accepted', liveness },
  answered: { type: 'answered' },
  arrived: { type: 'arrived', whole: true },
  'disconnect-packet': { type: 'disconnect-packet', reasonCode: 0 },
  'socket-closed': { type: 'socket-closed' },
  'protocol-error': { type: 'protocol-error', code: 0x82, text: 'unexpected CONNECT' },
  ended: { type: 'ended', reason: 'taken-over', raw: { code: 0x8e, text: 'Session taken over' } },
  deadline: { type: 'deadline' },
} as const satisfies Record<string, MqttSignal | CommonSignal>;

const states: Record<SessionState['phase'], SessionState> = {
  pending: { phase: 'pending' },
  online: {
    phase: 'online',
    lastSeen: (now - 90_000) as Instant,
    aliveAt: (now - 90_000) as Instant,
    answered: true,
    maxSilenceMs: 90_000,
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
    'disconnect-packet': ['closed', 'nothing'],
    'socket-closed': ['closed', 'nothing'],
    'protocol-error': ['closed', 'nothing'],
    ended: ['closed', 'nothing'],
    deadline: ['pending', 'nothing'],
  },
  online: {
    accepted: ['online', 'nothing'],
    answered: ['online', 'nothing'],
    arrived: ['online', 'nothing'],
    'disconnect-packet': ['closed', 'client-closed'],
    'socket-closed': ['closed', 'connection-lost'],
    'protocol-error': ['closed', 'protocol-error'],
    ended: ['closed', 'taken-over'],
    deadline: ['closed', 'keepalive-timeout'],
  },
  closed: {
    accepted: ['closed', 'nothing'],
    answered: ['closed', 'nothing'],
    arrived: ['closed', 'nothing'],
    'disconnect-packet': ['closed', 'nothing'],
    'socket-closed': ['closed', 'nothing'],
    'protocol-error': ['closed', 'nothing'],
    ended: ['closed', 'nothing'],
    deadline: ['closed', 'nothing'],
  },
} as const satisfies Record<
  SessionState['phase'],
  Record<MqttSignal['type'] | CommonSignal['type'], readonly [SessionState['phase'], string]>
>;

const published = (changes: readonly Change[]): string =>
  changes.map((change) => (change.type === 'connected' ? 'connected' : change.reason)).join() || 'nothing';

describe.each(Object.keys(table) as (keyof typeof table)[])('given %s', (phase) => {
  test.each(Object.keys(signals) as (keyof typeof signals)[])('when %s', (type) => {
    const step = mqttTracker.reduce(states[phase], signals[type], now);
    expect([step.state.phase, published(step.changes)]).toEqual(table[phase][type]);
  });
});

describeTracker('mqtt', mqttTracker, [
  signals.accepted,
  signals.answered,
  { type: 'accepted', liveness: { maxSilenceMs: undefined, detectWithinMs: null } },
  signals.arrived,
  signals['disconnect-packet'],
  signals['socket-closed'],
  signals['protocol-error'],
]);

function givenAConnection() {
  const clock = new ManualClock();
  const seen: Change[] = [];
  const { report } = track(mqttTracker, clock, (change) => seen.push(change));
  report(signals.accepted);
  report(signals.answered);
  return { clock, report, seen, last: () => seen.at(-1) };
}

describe('an MQTT device with a keep-alive of 60 s', () => {
  test('is gone after 90 s without a packet, and was last seen 90 s ago', () => {
    const { clock, report, last } = givenAConnection();
    clock.advance(60_000);
    report(signals.arrived);
    const lastSeen = clock.monotonic();
    clock.advance(89_999);
    expect(last()?.type).toBe('connected');
    clock.advance(1);
    expect(last()).toEqual({
      type: 'disconnected',
      basis,
      reason: 'keepalive-timeout',
      lastSeen,
      raw: { code: 0x8d, text: 'Keep Alive timeout' },
    });
  });

  test('stays as long as it sends packets', () => {
    const { clock, report, seen } = givenAConnection();
    for (let minute = 0; minute < 120; minute++) {
      clock.advance(60_000);
      report(signals.arrived);
    }
    expect(seen).toHaveLength(1);
  });

  test('has one end: the close of its socket after its DISCONNECT changes nothing', () => {
    const { report, seen } = givenAConnection();
    report({ type: 'disconnect-packet' });
    report(signals['socket-closed']);
    expect(seen.map(({ type }) => type)).toEqual(['connected', 'disconnected']);
  });

  test('that asks for its will to be published does not leave cleanly', () => {
    const { report, last } = givenAConnection();
    report({ type: 'disconnect-packet', reasonCode: 0x04 });
    expect(last()).toMatchObject({ reason: 'client-closed', clean: false, raw: { code: 0x04 } });
  });

  test.each([0x80, 0x82, 0x93, 0x97])(
    'that leaves with the error %i does not leave cleanly, and the event has the error',
    (reasonCode) => {
      const { report, last } = givenAConnection();
      report({ type: 'disconnect-packet', reasonCode, text: 'out of memory' });
      expect(last()).toMatchObject({
        reason: 'client-closed',
        clean: false,
        raw: { code: reasonCode, text: 'out of memory' },
      });
    },
  );

  test('leaves when its DISCONNECT arrives, and not when its turn comes', () => {
    const { clock, report, last } = givenAConnection();
    clock.advance(45_000);
    report(signals.arrived);
    const lastSeen = clock.monotonic();
    clock.advance(5_000);
    report({ type: 'disconnect-packet' });
    expect(last()).toMatchObject({ lastSeen, endedAt: lastSeen });
  });

  test('is not kept by a packet that does not end, and was last seen at its last byte', () => {
    const { clock, report, last } = givenAConnection();
    clock.advance(80_000);
    report({ type: 'arrived', whole: false });
    const lastSeen = clock.monotonic();
    clock.advance(10_000);
    expect(last()).toMatchObject({ reason: 'keepalive-timeout', lastSeen });
  });
});

test('the tracker asks for no deadline where silence has no limit', () => {
  const step = mqttTracker.reduce(
    { phase: 'pending' },
    { type: 'accepted', liveness: { maxSilenceMs: undefined, detectWithinMs: 70_000 } },
    now,
  );
  expect(step.deadline).toBeUndefined();
  expect(step.changes).toEqual([{ type: 'connected', basis: { kind: 'session', detectWithinMs: 70_000 } }]);
});

test('the time in which a device waits for its CONNACK is no silence of the device', () => {
  const clock = new ManualClock();
  const seen: Change[] = [];
  const { report } = track(mqttTracker, clock, (change) => seen.push(change));
  report(signals.accepted);
  clock.advance(90_000);
  report(signals.answered);
  clock.advance(90_000 - 1);
  expect(seen).toHaveLength(1);
  clock.advance(1);
  expect(seen[1]).toMatchObject({ reason: 'keepalive-timeout' });
});

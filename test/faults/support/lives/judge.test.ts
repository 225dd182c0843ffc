import { deviceRef } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { expect, test } from 'vitest';
import type { Fault } from './faults-of-lives.ts';
import { isLossUntold, judge } from './judge.ts';
import type { Life } from './life.ts';

const t0 = 1_767_268_800_000;
const tolerance = { lateMs: 100, clockMs: 3 };

const life: Life = {
  protocol: 'mqtt',
  device: 'device-1',
  port: 4711,
  begunAt: t0,
  outcome: 'accepted',
  acceptedAt: t0 + 20,
  lastByteAt: t0 + 1_000,
  longestSilenceMs: 500,
  end: { how: 'goodbye', at: t0 + 1_000 },
};
const shared = {
  connectionId: 'c1',
  device: deviceRef('acme', 'device-1'),
  adapter: { id: 'mqtt-0' },
  remoteAddress: '127.0.0.1:4711',
  basis: { kind: 'session', detectWithinMs: 3_000 },
};
const connected = { ...shared, type: 'connected', id: 'e1', at: t0 + 10 };
const disconnected = {
  ...shared,
  type: 'disconnected',
  id: 'e2',
  at: t0 + 1_001,
  connectedAt: t0 + 10,
  lastSeen: t0 + 1_001,
  uncertaintyMs: 0,
  reason: 'client-closed',
};

function problemsOf(events: readonly object[], lived: Life = life): readonly string[] {
  return judge([lived], events as unknown as readonly ReceivedEvent[], [], tolerance).flatMap(
    ({ problems }) => problems,
  );
}

test('the judge finds no problem in true events', () => {
  expect(problemsOf([connected, disconnected])).toEqual([]);
  expect(problemsOf([connected, disconnected, disconnected])).toEqual([]);
});

test('a kill before a connection began, whose restart was still under way then, did not end it', () => {
  const kill: Fault = { kind: 'kill', of: 'mqtt', journalLost: false, from: t0 - 300, to: t0 + 1 };
  const later: Fault = { ...kill, from: t0 + 950, to: t0 + 1_300 };
  const lost = {
    ...disconnected,
    at: t0 + 1_250,
    lastSeen: t0 + 900,
    uncertaintyMs: 350,
    reason: 'adapter-lost',
  };
  const events = [connected, lost] as unknown as readonly ReceivedEvent[];
  const [verdict] = judge([{ ...life, lastByteAt: t0 + 900 }], events, [kill, later], tolerance);
  expect(verdict?.problems).toEqual([]);
});

test.each([
  ['nothing is told', []],
  ['no end is told', [connected]],
  ['ended 2 times', [connected, disconnected, { ...disconnected, id: 'e3' }]],
  ['told as connection-lost', [connected, { ...disconnected, reason: 'connection-lost' }]],
  ['impossible times', [connected, { ...disconnected, lastSeen: t0 + 5_000 }]],
  [
    'last seen at',
    [connected, { ...disconnected, at: t0 + 1_200, lastSeen: t0 + 1_200, uncertaintyMs: 200 }],
  ],
  ['outside of', [connected, { ...disconnected, at: t0 + 1_200, lastSeen: t0 + 1_000 }]],
  [
    'silent for',
    [connected, { ...disconnected, at: t0 + 4_200, lastSeen: t0 + 1_000, uncertaintyMs: 3_200 }],
  ],
  [
    'nobody connected',
    [connected, disconnected, { ...connected, id: 'e4', connectionId: 'c2', at: t0 + 2_000 }],
  ],
  ['told as 2 connections', [connected, { ...connected, id: 'e4', connectionId: 'c2' }, disconnected]],
  ['out of order', [disconnected, connected]],
])('the judge finds a false event: %s', (problem, events) => {
  expect(problemsOf(events).join('\n')).toContain(problem);
});

test('what one adapter observed is in order by its epochs, also where the wall clock was set meanwhile', () => {
  const [begun, ended] = [
    { ...connected, epoch: '019b77a3ad8a0000' },
    { ...disconnected, endedEpoch: '019b77a3b16a0000', at: t0 + 5 },
  ];
  const other = {
    ...begun,
    id: 'e0',
    connectionId: 'c0',
    device: deviceRef('acme', 'device-1'),
    at: t0 + 9_000,
  };
  expect(problemsOf([other, begun, ended]).join()).not.toContain('out of order');
  expect(problemsOf([ended, begun]).join()).toContain('out of order');
});

test('a lease may run out, and begin again, where its adapter answered nothing for an interval', () => {
  const basis = { kind: 'lease', intervalMs: 3_000, detectWithinMs: 3_000 };
  const again = { id: 'e3', connectionId: 'c2', at: t0 + 5_010 };
  const out = { ...disconnected, basis, reason: 'inactive', lastSeen: t0 + 1_000, at: t0 + 4_500 };
  const last = { ...again, id: 'e4', connectedAt: t0 + 5_010, at: t0 + 8_050, lastSeen: t0 + 5_010 };
  const later = { ...connected, ...again };
  const lease: Life = {
    ...life,
    protocol: 'coap',
    port: undefined,
    lastByteAt: t0 + 5_000,
    end: { how: 'vanished', at: t0 + 5_100 },
  };
  const problemsWith = (
    requestsMs: readonly number[],
    faults: readonly Fault[] = [],
    ending = out,
  ): string => {
    const heard = requestsMs.map((ms) => ({ askedAt: t0 + ms, answeredAt: t0 + ms + 50 }));
    const events = [
      connected,
      ending,
      later,
      { ...disconnected, basis, reason: 'inactive', ...last, uncertaintyMs: 3_050 },
    ];
    return judge([{ ...lease, heard }], events as unknown as readonly ReceivedEvent[], faults, tolerance)
      .flatMap(({ problems }) => problems)
      .join();
  };
  expect(problemsWith([1_000, 5_000])).toBe('');
  const twice = 'told as 2 connections';
  expect(problemsWith([1_000, 2_500, 5_000])).toContain(twice);
  // It waited in the socket while the adapter stood, and was not read before the deadline came.
  expect(problemsWith([1_000, 4_300, 5_000])).toContain(twice);
  expect(problemsWith([1_000, 5_000], [], { ...out, lastSeen: t0 + 500 })).toContain(twice);
  expect(problemsWith([1_000, 5_000], [], { ...out, reason: 'client-closed' })).toContain(twice);
  const kill: Fault = { kind: 'kill', of: 'coap', from: t0 + 1_100, to: t0 + 1_400 };
  expect(problemsWith([1_000, 5_000], [kill], { ...out, lastSeen: t0 + 500 })).toBe('');
  expect(problemsWith([1_000, 2_500, 5_000], [kill])).toContain(twice);
  // The last one is held against the device's own end.
  expect(problemsWith([1_000, 5_000, 6_000])).toContain('a request was answered 2050 ms before');
});

test('a device that was refused was never connected', () => {
  expect(problemsOf([connected], { ...life, outcome: 'refused' }).join()).toContain('it was refused');
});

test('a device that was silent because the test process was late may have been closed before it did anything', () => {
  const late: Life = { ...life, longestSilenceMs: 3_500, end: { how: 'hung up', at: t0 + 4_000 } };
  const closed = { at: t0 + 3_800, lastSeen: t0 + 500, uncertaintyMs: 3_300, reason: 'keepalive-timeout' };
  expect(problemsOf([connected, { ...disconnected, ...closed }], late)).toEqual([]);
});

test.each([
  ['access ended', 'access-revoked'],
  ['access ended', 'credentials-expired'],
  ['trickled', 'keepalive-timeout'],
] as const)(
  'an end that the adapter had to bring about may come just before the device leaves: %s, %s',
  (awaits, reason) => {
    const left: Life = { ...life, lastByteAt: t0 + 990, end: { how: 'hung up', at: t0 + 1_000 } };
    const closed = { at: t0 + 940, lastSeen: t0 + 930, uncertaintyMs: 0, reason };
    const events = [connected, { ...disconnected, ...closed }];
    expect(problemsOf(events, { ...left, awaits })).toEqual([]);
    // Nothing was under way, or it was long ago.
    expect(problemsOf(events, left).join()).toContain(`told as ${reason}`);
    const later: Life = { ...left, awaits, end: { how: 'hung up', at: t0 + 5_000 } };
    expect(problemsOf(events, later).join()).toContain(`told as ${reason}`);
  },
);

test('a session that was left may end with the access of its device, which another session of it loses', () => {
  const left: Life = { ...life, protocol: 'template', end: { how: 'vanished', at: t0 + 1_000 } };
  const other: Life = {
    ...life,
    protocol: 'template',
    port: 4712,
    begunAt: t0 + 1_100,
    acceptedAt: t0 + 1_110,
    awaits: 'access ended',
    lastByteAt: t0 + 2_000,
    end: { how: 'access ended', at: t0 + 2_900 },
  };
  const revoked = { at: t0 + 2_900, uncertaintyMs: 0, reason: 'access-revoked' };
  const ofOther = {
    connectionId: 'c2',
    remoteAddress: '127.0.0.1:4712',
    at: t0 + 1_105,
  };
  const events = [
    connected,
    { ...connected, ...ofOther, id: 'e3' },
    { ...disconnected, ...revoked },
    { ...disconnected, ...ofOther, ...revoked, id: 'e4', connectedAt: t0 + 1_105, lastSeen: t0 + 2_000 },
  ] as unknown as readonly ReceivedEvent[];
  const problemsBeside = (beside: Life): string =>
    judge([left, beside], events, [], tolerance)
      .flatMap(({ problems }) => problems)
      .join();
  expect(problemsBeside(other)).toBe('');
  // No other session lost its access, or the adapter had to notice that the device left.
  expect(problemsBeside({ ...other, awaits: 'trickled' })).toContain('told as access-revoked');
  left.end = { how: 'hung up', at: t0 + 1_000 };
  expect(problemsBeside(other)).toContain('told as access-revoked');
});

test('a device that the adapter closed, and that does something before it notices, ended when it was closed', () => {
  const unaware: Life = { ...life, protocol: 'mqtt', end: { how: 'goodbye', at: t0 + 2_000 } };
  const away: Fault = { kind: 'freeze', of: 'network', from: t0, to: t0 + 3_000 };
  const closed = { at: t0 + 800, lastSeen: t0 + 700, uncertaintyMs: 0, reason: 'upload-refused' };
  const verdictOf = (reason: string): string =>
    judge(
      [unaware],
      [connected, { ...disconnected, ...closed, reason }] as unknown as readonly ReceivedEvent[],
      [away],
      tolerance,
    )
      .flatMap(({ problems }) => problems)
      .join();
  expect(verdictOf('upload-refused')).toBe('');
  expect(verdictOf('client-closed')).toContain('outside of');
});

test('a loss of the journal is accepted from the first event that reports it', () => {
  const loss: Fault = { kind: 'kill', of: 'mqtt', journalLost: true, from: t0, to: t0 + 500 };
  const told = { ...connected, adapter: { id: 'mqtt-0' }, journal: { state: 'new' } };
  const isUntold = (faults: readonly Fault[], ...events: object[]): boolean =>
    isLossUntold(life, { faults, events: events as unknown as readonly ReceivedEvent[] });
  expect(isUntold([loss])).toBe(true);
  expect(isUntold([loss], { ...told, adapter: { id: 'amqp-0' } })).toBe(true);
  expect(isUntold([loss], { ...told, journal: { state: 'kept' } })).toBe(true);
  expect(isUntold([loss], { ...told, at: t0 - 1 })).toBe(true);
  expect(isUntold([loss], told)).toBe(false);
  expect(isUntold([{ ...loss, of: 'amqp' }])).toBe(false);
});

test('a connection that nobody saw come about may have no end where the journal was lost', () => {
  const unseen: Life = { ...life, outcome: 'unknown' };
  const loss: Fault = { kind: 'kill', of: 'mqtt', journalLost: true, from: t0 + 500, to: t0 + 900 };
  const problems = (faults: readonly Fault[]): readonly string[] =>
    judge([unseen], [connected] as unknown as readonly ReceivedEvent[], faults, tolerance).flatMap(
      (verdict) => verdict.problems,
    );
  expect(problems([loss])).toEqual([]);
  expect(problems([{ ...loss, journalLost: false }]).join()).toContain('nobody let it in');
  const later: Fault = { ...loss, from: t0 + 13_000, to: t0 + 13_500 };
  const away: Fault = { kind: 'freeze', of: 'network', from: t0 - 1_000, to: t0 + 9_000 };
  expect(problems([later]).join()).toContain('nobody let it in');
  expect(problems([later, away])).toEqual([]);
});

test('a goodbye from before the login was over is within the interval, and seen when the connection began', () => {
  const hasty: Life = { ...life, lastByteAt: t0, end: { how: 'goodbye', at: t0 } };
  const accepted = { ...connected, at: t0 + 2_000 };
  const ended = { ...disconnected, at: t0 + 2_000, connectedAt: t0 + 2_000, lastSeen: t0 + 2_000 };
  const admitted: Life = { ...hasty, acceptedAt: t0 + 2_010 };
  expect(problemsOf([accepted, { ...ended, uncertaintyMs: 2_000 }], admitted)).toEqual([]);
  expect(problemsOf([accepted, { ...ended, uncertaintyMs: 0 }], admitted).join()).toContain('outside of');
});

import { deviceRef } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/core/wire';
import { expect, test } from 'vitest';
import { judge } from './judge.ts';
import type { Life } from './life.ts';

const t0 = 1_767_268_800_000;

const life: Life = {
  protocol: 'mqtt',
  device: 'device-1',
  port: 4711,
  begunAt: t0,
  outcome: 'accepted',
  acceptedAt: t0 + 20,
  lastByteAt: t0 + 1_000,
  lastAnsweredAt: t0,
  longestSilenceMs: 500,
  end: { how: 'goodbye', at: t0 + 1_000 },
};
const shared = {
  connectionId: 'c1',
  device: deviceRef('acme', 'device-1'),
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
  const tolerance = { lateMs: 100 };
  return judge([lived], events as unknown as readonly ReceivedEvent[], [], tolerance).flatMap(
    ({ problems }) => problems,
  );
}

test('the truth has no problems', () => {
  expect(problemsOf([connected, disconnected])).toEqual([]);
  expect(problemsOf([connected, disconnected, disconnected])).toEqual([]);
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
])('it finds what is false: %s', (problem, events) => {
  expect(problemsOf(events).join('\n')).toContain(problem);
});

test('who was refused was never connected', () => {
  expect(problemsOf([connected], { ...life, outcome: 'refused' }).join()).toContain('it was refused');
});

test('who was silent because this process was late may have been closed before it did anything', () => {
  const late: Life = { ...life, longestSilenceMs: 3_500, end: { how: 'hung up', at: t0 + 4_000 } };
  const closed = { at: t0 + 3_800, lastSeen: t0 + 500, uncertaintyMs: 3_300, reason: 'keepalive-timeout' };
  expect(problemsOf([connected, { ...disconnected, ...closed }], late)).toEqual([]);
});

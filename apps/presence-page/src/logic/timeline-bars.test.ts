import { expect, test } from 'vitest';
import type { PastConnection } from './answers.ts';
import { timelineBars, timeTicks } from './timeline-bars.ts';

const start = Date.parse('2026-11-28T12:00:00Z');
const iso = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
const period = { fromMs: start, toMs: start + 100 * 60_000 };

function past(begin: number, rest: Partial<PastConnection> = {}): PastConnection {
  return {
    'connection-id': `c${begin}`,
    'connected-at': iso(begin),
    protocol: 'MQTT 5.0',
    basis: { kind: 'session', 'detect-within-ms': 600_000 },
    adapter: { type: 't', id: 'a', instance: 'i' },
    'remote-id': 'r',
    state: 'open',
    ...rest,
  };
}

function ended(begin: number, from: number, to: number): PastConnection {
  const { state: _state, ...connection } = past(begin);
  const between = { from: iso(from), to: iso(to) };
  const ending = {
    ...{ at: iso(to), 'left-between': between, 'uncertainty-ms': (to - from) * 60_000 },
    ...{ reason: 'keepalive-timeout', initiator: 'network', clean: false },
  };
  return past(begin, { state: 'ended', ending: { ...connection, ...ending } });
}

const places = (connections: readonly PastConnection[], knownMinutes = 100) =>
  timelineBars(connections, period, start + knownMinutes * 60_000).map(({ begin, sureUntil, end, lane }) => [
    begin,
    sureUntil,
    end,
    lane,
  ]);

test.each<[what: string, connection: PastConnection, expected: readonly number[]]>([
  ['one that ended is unsure where the device may have left', ended(10, 30, 40), [0.1, 0.3, 0.4, 0]],
  ['one that ended exactly has a hard end', ended(10, 40, 40), [0.1, 0.4, 0.4, 0]],
  ['one that began before begins at the edge', ended(-50, 30, 40), [0, 0.3, 0.4, 0]],
  ['one that was unsure from before its begin on', ended(10, 0, 40), [0.1, 0.1, 0.4, 0]],
  ['one that is open is unsure for as long as silence goes unnoticed', past(10), [0.1, 0.9, 1, 0]],
  [
    'one whose silence is never noticed is unsure from the begin on',
    past(10, { basis: { kind: 'session', 'detect-within-ms': null } }),
    [0.1, 0.1, 1, 0],
  ],
  ['one of which nothing is heard is unsure', past(10, { state: 'unknown' }), [0.1, 0.1, 1, 0]],
  [
    'one that was taken over is unsure until then',
    past(10, { state: 'ended', 'taken-over-at': iso(50) }),
    [0.1, 0.1, 0.5, 0],
  ],
])('%s', (_what, connection, expected) => {
  expect(places([connection])).toEqual([expected]);
});

test('nothing is sure beyond what the service has read', () => {
  expect(places([past(10)], 60)).toEqual([[0.1, 0.5, 0.6, 0]]);
});

test('connections at the same time stand in lanes, six at most; those outside are left out', () => {
  expect(places([ended(0, 20, 20), ended(10, 30, 30), ended(25, 40, 40), ended(-20, -10, -5)])).toEqual([
    [0, 0.2, 0.2, 0],
    [0.1, 0.3, 0.3, 1],
    [0.25, 0.4, 0.4, 0],
  ]);
  const many = Array.from({ length: 20 }, (_, number) => past(number));
  expect(Math.max(...places(many).map(([, , , lane]) => lane ?? 0))).toBe(5);
});

test('ticks stand at round times of the time zone', () => {
  const ticks = timeTicks({ fromMs: start - 30 * 60_000, toMs: start + 24 * 3_600_000 }, 6, 3_600_000);
  expect(ticks.map(({ atMs }) => new Date(atMs).toISOString().slice(11, 16))).toEqual([
    '17:00',
    '23:00',
    '05:00',
    '11:00',
  ]);
});

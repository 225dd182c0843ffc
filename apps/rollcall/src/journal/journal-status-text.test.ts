import type { Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { journalStatusText } from './journal-status-text.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

test('the status of a journal is written in words', () => {
  const text = journalStatusText(
    'mqtt-0.journal',
    {
      inUse: true,
      bytes: 2_500_000,
      openSessions: 340,
      openLeases: 0,
      sinks: [
        { sink: 'events', waiting: 12, oldestAt: (now - 180_000) as Timestamp, parked: 2 },
        { sink: 'webhook', waiting: 0, oldestAt: undefined, parked: 1 },
      ],
    },
    now,
  );
  expect(text.split('\n')).toEqual([
    'mqtt-0.journal  an adapter runs on it, 2.4 MB',
    '  open       340 sessions, 0 leases',
    '  events     12 waiting (the oldest for 3 min), 2 parked',
    '  webhook    0 waiting, 1 parked',
    '',
  ]);
});

test.each([
  [
    'copy',
    now as Timestamp,
    'NOT WHOLE  a copy of 2026-01-01T12:00:00.000Z: what was observed since is not in it',
  ],
  ['without-log', undefined, 'NOT WHOLE  its write-ahead log (-wal) is missing'],
] as const)(
  'the status of a journal that is not whole says so, and not that every event is confirmed: %s',
  (partOfJournal, copiedAt, expected) => {
    const status = { inUse: false, bytes: 0, openSessions: 0, openLeases: 0, sinks: [] };
    const text = journalStatusText(
      'x',
      { ...status, partOfJournal, ...(copiedAt !== undefined && { copiedAt }) },
      now,
    );
    expect(text).toContain(expected);
    expect(text).not.toContain('confirmed');
  },
);

test('a journal in which nothing waits says that every event is confirmed', () => {
  const status = { inUse: false, bytes: 0, openSessions: 0, openLeases: 0, sinks: [] };
  expect(journalStatusText('x', status, now)).toContain('every event is confirmed');
});

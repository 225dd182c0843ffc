import { expect, test } from 'vitest';
import type { Timestamp } from '@rollcall/core';
import { endingFrom, openFrom } from '../testing/connections.ts';
import { wasConnected, type Coverage } from './was-connected.ts';

const coverage: Coverage = {
  at: 100_000 as Timestamp,
  coveredSince: 10_000 as Timestamp,
  isComplete: true,
  keptSinceMs: 0,
  isKnown: true,
};

const open = { connection: openFrom(50_000, 20_000), silent: false };
const ended = { ...open, ending: endingFrom(50_000, 80_000, 15_000) };

test.each([
  ['no connection', 60_000, [], { answer: 'no' }],
  ['before it began', 49_999, [open], { answer: 'no' }],
  ['when it began', 50_000, [open], { answer: 'yes' }],
  ['open, and silence would have been noticed', 80_000, [open], { answer: 'yes' }],
  [
    'open, and silence not noticed yet',
    80_001,
    [open],
    { answer: 'uncertain', because: 'not-noticed-yet', between: { fromMs: 80_000 } },
  ],
  [
    'open, and silence is never noticed',
    60_000,
    [{ ...open, connection: openFrom(50_000, null) }],
    { because: 'not-noticed-yet' },
  ],
  ['before it may have left', 64_999, [ended], { answer: 'yes' }],
  [
    'while it left',
    65_000,
    [ended],
    { answer: 'uncertain', because: 'left-between', between: { fromMs: 65_000, toMs: 80_000 } },
  ],
  ['while it left, until the end', 79_999, [ended], { answer: 'uncertain' }],
  ['at its end', 80_000, [ended], { answer: 'no' }],
  [
    'while one left, with another open',
    70_000,
    [ended, { ...open, connection: openFrom(66_000, 1_000) }],
    { answer: 'yes' },
  ],
  ['silent', 60_000, [{ ...open, silent: true }], { answer: 'uncertain', because: 'silent' }],
  [
    'taken over without an end',
    60_000,
    [{ ...open, takenOverAt: 70_000 }],
    { answer: 'uncertain', because: 'left-between' },
  ],
  ['after the takeover', 70_000, [{ ...open, takenOverAt: 70_000 }], { answer: 'no' }],
  [
    'not read so far',
    100_001,
    [],
    { answer: 'uncertain', because: 'not-read-yet', between: { fromMs: 100_000 } },
  ],
  ['not read so far, open', 100_001, [open], { answer: 'uncertain', because: 'not-read-yet' }],
  [
    'before the service',
    9_999,
    [],
    { answer: 'uncertain', because: 'not-covered', between: { toMs: 10_000 } },
  ],
  [
    'before the service, of a connection that was announced',
    8_000,
    [{ ...open, connection: openFrom(5_000, 20_000) }],
    { answer: 'yes' },
  ],
] as const)('%s', (_when, time, connections, verdict) => {
  expect(wasConnected(time, connections, coverage)).toMatchObject(verdict);
});

test('while adapters may not have announced all open connections, the answer is never no', () => {
  expect(wasConnected(60_000, [], { ...coverage, isComplete: false })).toMatchObject({
    because: 'not-covered',
  });
});

test('a time before the retention is uncertain', () => {
  expect(wasConnected(60_000, [], { ...coverage, keptSinceMs: 70_000 })).toMatchObject({
    because: 'not-covered',
  });
});

test('every time is uncertain before any event was read', () => {
  expect(wasConnected(60_000, [], { ...coverage, at: undefined })).toMatchObject({
    because: 'not-read-yet',
    between: {},
  });
});

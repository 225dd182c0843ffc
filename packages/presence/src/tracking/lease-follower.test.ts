import type { ReportOutcome } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import { afterReport } from './lease-follower.ts';

const intervalMs = 1_000;

test.each<[string, ReportOutcome, number, ReturnType<typeof afterReport>]>([
  ['the holder hears the device itself', { status: 'told', holderSilentMs: 999 }, 0, 'nothing'],
  ['the holder did not hear it for an interval', { status: 'told', holderSilentMs: 1_000 }, 0, 'take'],
  ['nobody holds the lease', { status: 'gone' }, 0, 'begin-again'],
  ['there is no answer, and the holder was told of late', { status: 'unknown' }, 499, 'nothing'],
  ['there is no answer, for half an interval', { status: 'unknown' }, 500, 'begin-again'],
])('if %s, the next step is decided', (_situation, outcome, toldAgoMs, then) => {
  expect(afterReport(outcome, intervalMs, toldAgoMs)).toBe(then);
});

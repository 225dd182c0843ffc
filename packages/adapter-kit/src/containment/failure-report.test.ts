import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { recordingLog } from '../conformance/recording-log.ts';
import { createFailureReport } from './failure-report.ts';

function given() {
  const clock = new ManualClock();
  const log = recordingLog();
  return { clock, log, ...createFailureReport({ clock, log }) };
}

test('each failure counts; each place is logged at once, then once a minute, with how many there were', () => {
  const { clock, log, counts, failed } = given();
  const errors = Array.from({ length: 70 }, (_, second) => new Error(`at ${second} s`));
  for (const error of errors) {
    failed('mqtt', error);
    clock.advance(1_000);
  }
  failed('http', new Error('of another place'));
  expect(counts).toEqual({ mqtt: 70, http: 1 });
  expect(log.lines.map(({ level, facts }) => [level, facts])).toEqual([
    ['error', { where: 'mqtt', err: errors[0] }],
    ['error', { where: 'mqtt', err: errors[60], alsoSinceLastLine: 59 }],
    ['error', { where: 'http', err: new Error('of another place') }],
  ]);
});

test('what is thrown need be no error', () => {
  const { log, failed } = given();
  failed('mqtt', undefined);
  expect(log.lines).toHaveLength(1);
});

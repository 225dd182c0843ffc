import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createFailureReport } from './failure-report.ts';

function given() {
  const clock = new ManualClock();
  const lines: [object, string][] = [];
  const nothing = (): void => {};
  const log = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (facts: object, message: string) => void lines.push([facts, message]),
  };
  return { clock, lines, ...createFailureReport({ clock, log }) };
}

test('each failure is counted; the first of each place is logged at once, later ones in one line a minute with their number', () => {
  const { clock, lines, counts, failed } = given();
  const errors = Array.from({ length: 70 }, (_, second) => new Error(`at ${second} s`));
  for (const error of errors) {
    failed('mqtt', error);
    clock.advance(1_000);
  }
  failed('http', new Error('of another place'));
  expect(counts).toEqual({ mqtt: 70, http: 1 });
  expect(lines.map(([facts]) => facts)).toEqual([
    { where: 'mqtt', err: errors[0] },
    { where: 'mqtt', err: errors[60], alsoSinceLastLine: 59 },
    { where: 'http', err: new Error('of another place') },
  ]);
});

test('a thrown value that is not an Error is reported', () => {
  const { lines, failed } = given();
  failed('mqtt', undefined);
  expect(lines).toHaveLength(1);
});

import { ManualClock, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createFaultReport } from './fault-report.ts';

function given() {
  const clock = new ManualClock();
  const log = recordingLog();
  return { clock, lines: log.lines, report: createFaultReport('registry.yaml', clock, log) };
}

test('a fault that stays the same is one line a minute', () => {
  const { clock, lines, report } = given();
  for (let i = 0; i < 240; i++) {
    report.tell('it cannot be read', { problems: ['EMFILE'] });
    clock.advance(500);
  }
  expect(lines).toHaveLength(2);
});

test('two faults that take turns are one line a minute each', () => {
  const { clock, lines, report } = given();
  for (let i = 0; i < 120; i++) {
    report.tell('it cannot be read', { problems: ['EMFILE'] });
    report.tell('devices are missing', { problems: ['40 devices'] });
    clock.advance(500);
  }
  expect(lines.map(({ message }) => message)).toEqual(['it cannot be read', 'devices are missing']);
});

test('the end of a fault is to be logged once, and only if the fault was', () => {
  const { report } = given();
  expect(report.over()).toBe(false);
  report.tell('it cannot be read', { problems: ['EMFILE'] });
  expect([report.over(), report.over()]).toEqual([true, false]);
  // Within the minute, so no line has it.
  report.tell('it cannot be read', { problems: ['EMFILE'] });
  expect(report.over()).toBe(false);
});

test('a fault that becomes another one is logged at once', () => {
  const { lines, report } = given();
  report.tell('devices are missing', { problems: ['40 devices'] });
  report.tell('devices are missing', { problems: ['50 devices'] });
  expect(lines).toHaveLength(2);
});

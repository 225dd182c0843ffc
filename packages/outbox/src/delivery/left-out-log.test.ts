import { ManualClock, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createLeftOutLog } from './left-out-log.ts';

test('however many are left out, the log has a line a minute with their number, and one when it is over', () => {
  const clock = new ManualClock();
  const log = recordingLog();
  const leftOutLog = createLeftOutLog({ clock, log }, { sink: 'events' });
  for (let second = 0; second < 150; second++) {
    for (let pair = 0; pair < 100; pair++) leftOutLog.count();
    clock.advance(1_000);
  }
  clock.advance(120_000);
  expect(log.lines.map(({ level, facts }) => [level, facts])).toEqual([
    ['warn', { sink: 'events', leftOut: 1 }],
    ['warn', { sink: 'events', leftOut: 5_999 }],
    ['warn', { sink: 'events', leftOut: 6_000 }],
    ['warn', { sink: 'events', leftOut: 3_000 }],
    ['info', { sink: 'events' }],
  ]);
  expect(clock.armed).toBe(0);
});

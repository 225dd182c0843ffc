import { anOutboundEvent, ManualClock, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createRefusedLog } from './refused-log.ts';

test('however many are refused, the log has a line a minute with their number and the latest cause, and one when it is over', () => {
  const clock = new ManualClock();
  const log = recordingLog();
  let refusing = 1;
  const refusedLog = createRefusedLog({ clock, log }, 'events', () => refusing);
  let count = 0;
  for (let second = 0; second < 90; second++) {
    for (let event = 0; event < 100; event++)
      refusedLog.refused(anOutboundEvent(String(++count)), new Error(`no ${count}`));
    clock.advance(1_000);
  }
  // Nothing more is refused, since no device connects; and nothing was accepted either.
  clock.advance(60_000);
  refusing = 0;
  clock.advance(120_000);
  const facts = log.lines.map((line) => [line.level, line.facts]);
  expect(facts).toEqual([
    [
      'error',
      { sink: 'events', parked: 1, refusingTenants: 1, eventId: '1', tenant: 'acme', err: new Error('no 1') },
    ],
    [
      'error',
      {
        sink: 'events',
        parked: 5_999,
        refusingTenants: 1,
        eventId: '6000',
        tenant: 'acme',
        err: new Error('no 6000'),
      },
    ],
    [
      'error',
      {
        sink: 'events',
        parked: 3_000,
        refusingTenants: 1,
        eventId: '9000',
        tenant: 'acme',
        err: new Error('no 9000'),
      },
    ],
    ['info', { sink: 'events' }],
  ]);
  expect(clock.armed).toBe(0);
});

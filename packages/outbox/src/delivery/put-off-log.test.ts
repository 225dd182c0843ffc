import { anOutboundEvent, ManualClock, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createPutOffLog } from './put-off-log.ts';

function given() {
  const clock = new ManualClock();
  const log = recordingLog();
  const putOffLog = createPutOffLog({ clock, log }, 'events');
  const putOff = (why: string): void => putOffLog.putOff(anOutboundEvent('e1'), new Error(why));
  return { clock, log, putOff, putOffLog };
}

test('an event that is put off once is not logged', () => {
  const { clock, log, putOff } = given();
  putOff('released');
  clock.advance(600_000);
  expect(log.lines).toEqual([]);
  expect(clock.armed).toBe(0);
});

test('a network that keeps putting events off is logged after ten seconds, then once a minute, with the cause', () => {
  const { clock, log, putOff } = given();
  for (let second = 0; second < 130; second++) {
    putOff(`no ${second}`);
    clock.advance(1_000);
  }
  expect(log.lines.map(({ level, facts }) => [level, facts])).toEqual(
    [
      [10, 9],
      [60, 69],
      [60, 129],
    ].map(([tries, latest]) => [
      'warn',
      { sink: 'events', tries, tenant: 'acme', err: new Error(`no ${latest}`) },
    ]),
  );
  clock.advance(120_000);
  expect(log.lines).toHaveLength(3);
  expect(clock.armed).toBe(0);
});

test('after it was stopped nothing is armed', () => {
  const { clock, putOff, putOffLog } = given();
  putOff('released');
  putOffLog.stop();
  expect(clock.armed).toBe(0);
});

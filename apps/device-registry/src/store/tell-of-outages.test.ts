import { ManualClock, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { outages, tellOfOutages } from './tell-of-outages.ts';

test('an outage is one line when it begins, and one when it is over; one that comes and goes is a line a minute', () => {
  const clock = new ManualClock();
  const log = recordingLog();
  const tell = tellOfOutages(outages.ofWrites(log), clock);
  tell(undefined);
  for (let again = 0; again < 100; again += 1) tell('disk is full');
  tell(undefined);
  for (let again = 0; again < 100; again += 1) for (const cause of ['disk is full', undefined]) tell(cause);
  clock.advance(60_000);
  tell('disk is full');
  const began = {
    level: 'error',
    facts: { cause: 'disk is full' },
    message: expect.stringContaining('cannot write'),
  };
  const ended = { level: 'info', facts: {}, message: expect.stringContaining('again') };
  expect(log.lines).toEqual([began, ended, began]);
});

import { ManualClock, recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { outages, logOutages } from './log-outages.ts';

test('an outage is logged when it begins and when it ends, and at most once a minute if it comes and goes', () => {
  const clock = new ManualClock();
  const log = recordingLog();
  const tell = logOutages(outages.ofWrites(log), clock);
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

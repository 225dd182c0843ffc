import { ManualClock, recordingLog } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { expect, test } from 'vitest';
import { reportDropped } from './dropped-uploads.ts';

test('the first upload that is dropped is told at once, then one a minute, and how many there were between', () => {
  const clock = new ManualClock();
  const log = recordingLog();
  const dropped = reportDropped(clock, log);
  const failure = { status: 503, text: 'no consumer' } as const;
  dropped(failure, deviceRef('acme', 'thermostat-7'));
  for (let count = 0; count < 1_000; count++) dropped(failure);
  clock.advance(60_000);
  dropped({ status: 404, text: 'no such endpoint' });
  const message = 'an upload is dropped, and its device does not hear of it';
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message,
      facts: { ...failure, tenant: 'acme', device: 'thermostat-7', alsoDropped: 0 },
    },
    { level: 'warn', message, facts: { status: 404, text: 'no such endpoint', alsoDropped: 1_000 } },
  ]);
});

import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { clearUpAfterEach, everythingRuns } from './support/acts.ts';
import { eventuallyNone } from './support/eventually.ts';
import { differences } from './support/verdict.ts';

clearUpAfterEach();

const devices = 1_000;

test('a journal that is full: devices are served on, readiness is degraded, the log says so, and it recovers by itself', async () => {
  const { stage, record, fleet } = await everythingRuns({
    devices,
    // Room for some hundred open connections.
    environment: { ROLLCALL_JOURNAL_MAXBYTES: '1000000' },
  });
  await fleet.connectAll(devices);
  expect(fleet.open()).toHaveLength(devices);
  await eventuallyNone(() => differences(record, fleet));
  const logged = (text: string): number =>
    stage.adapter.process.stdout.filter((line) => line.includes(text)).length;
  expect(await stage.readiness()).toMatchObject({
    status: 'DEGRADED',
    checks: expect.arrayContaining([{ name: 'journal', status: 'DEGRADED' }]) as unknown,
  });
  expect(await stage.metric('rollcall_journal_behind')).toBe(1);
  expect(logged('database or disk is full')).toBe(1);

  // The fault goes: most of the devices leave.
  for (const attempt of fleet.open().slice(50)) fleet.leave(attempt);
  await eventuallyNone(() => differences(record, fleet));
  await eventuallyNone(() => (logged('has caught up') === 1 ? [] : ['the journal has not caught up']));
  expect(await stage.readiness()).toMatchObject({ status: 'UP' });

  // What it holds now is complete again.
  await pause(100);
  await stage.adapter.end('SIGKILL');
  await stage.adapter.start();
  await eventuallyNone(() => differences(record, fleet));
});

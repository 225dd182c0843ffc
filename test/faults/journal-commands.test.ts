import { copyFileSync, cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startApp } from '../e2e/support/processes.ts';
import { clearUpAfterEach, everythingRuns } from './support/acts.ts';
import { eventuallyNone } from './support/eventually.ts';
import { distinct } from './support/record.ts';
import { differences } from './support/verdict.ts';

clearUpAfterEach();

/** What `rollcall` says, and how it ends. */
async function rollcall(...args: readonly string[]) {
  const { exited, stdout, stderr } = startApp('rollcall', args);
  return { status: await exited(), stdout: () => stdout.join('\n'), stderr: () => stderr.join('\n') };
}

test('a backup of a journal under load is whole, and `rollcall bury` ends its open connections', async () => {
  const { stage, record, fleet } = await everythingRuns({ devices: 300 });
  const target = join(dirname(stage.journal), 'backups', 'mqtt-0.journal');
  mkdirSync(dirname(target));
  await fleet.connectAll(140);
  await eventuallyNone(() => differences(record, fleet));
  const more = fleet.connectAll(300);
  const backup = await rollcall('journal', 'backup', stage.journal, target);
  expect(backup.status, backup.stderr()).toBe(0);
  expect(backup.stdout()).toContain('a whole copy of');
  expect(statSync(target).mode & 0o777).toBe(0o600);
  await more;
  await eventuallyNone(() => differences(record, fleet));
  expect((await rollcall('journal', 'backup', stage.journal, target)).stderr()).toContain(
    'is not overwritten',
  );
  const status = await rollcall('journal', 'status', target);
  expect(status.stdout()).toContain('NOT WHOLE  a copy of');
  const open = Number(/open +(\d+) sessions/.exec(status.stdout())?.[1]);
  expect(open).toBeGreaterThanOrEqual(140);

  // As where volume and adapter are lost.
  await stage.adapter.end('SIGKILL');
  const bury = await rollcall(
    'bury',
    'mqtt-0',
    '--journal',
    target,
    '--wait',
    '1',
    '--url',
    stage.networkUrl,
  );
  expect(bury.stdout()).toContain(`${open} connections buried`);
  await eventuallyNone(() =>
    distinct(record.events).filter((event) => event.type === 'disconnected').length === open
      ? []
      : ['not all are buried'],
  );
});

test('a copy of a journal without its write-ahead log is recognized by `journal status` and by an adapter that starts with it', async () => {
  const { stage, record, fleet } = await everythingRuns({ devices: 60 });
  await fleet.connectAll(50);
  await eventuallyNone(() => differences(record, fleet));
  await pause(200);
  const copy = join(dirname(stage.journal), 'copies', 'mqtt-0.journal');
  mkdirSync(dirname(copy));
  copyFileSync(stage.journal, copy);
  for (let round = 0; round < 2; round++) {
    const status = await rollcall('journal', 'status', copy);
    expect(status.stdout()).toContain('NOT WHOLE  its write-ahead log (-wal) is missing');
    expect(status.stdout()).not.toContain('every event is confirmed');
    expect((await rollcall('journal', 'list', copy)).stderr()).toContain('write-ahead log');
  }
  await stage.adapter.end('SIGKILL');
  cpSync(copy, stage.journal);
  // As a restored volume: the log of the one that was killed belongs to another file.
  for (const beside of ['-wal', '-shm'])
    if (existsSync(stage.journal + beside)) copyFileSync('/dev/null', stage.journal + beside);
  await stage.adapter.start();
  await expect
    .poll(() => stage.adapter.process.stdout.filter((line) => line.includes('write-ahead log')), {
      timeout: 300_000,
    })
    .toHaveLength(1);
  await fleet.connect(55);
  await eventuallyNone(() =>
    record.events.some(
      ({ journal, remoteId }) => journal?.state === 'new' && remoteId.startsWith('device-55'),
    )
      ? []
      : ['nobody says that the journal is not the one before'],
  );
});

test('`journal discard` discards what waits for a sink that is gone, and nothing else', async () => {
  const { stage, record, fleet } = await everythingRuns({ devices: 20 });
  await fleet.connectAll(10);
  await eventuallyNone(() => differences(record, fleet));
  await stage.network.end('SIGKILL');
  for (const attempt of fleet.open().slice(0, 4)) fleet.leave(attempt);
  for (let index = 10; index < 20; index++) await fleet.connect(index);
  for (const attempt of fleet.open().slice(-3)) fleet.leave(attempt);
  await expect.poll(() => stage.metric('hono_connections_authenticated')).toBe(13);
  // Its answer waits until the journal has it, and what was to be written before.
  expect((await fleet.connect(0))?.outcome).toBe('accepted');
  const discard = ['journal', 'discard', stage.journal, '--sink', 'events'];
  const running = await rollcall(...discard, '--yes');
  expect(running.status).toBe(1);
  expect(running.stderr()).toContain('an adapter runs on it');
  await stage.adapter.end('SIGKILL');

  const unasked = await rollcall(...discard);
  expect(unasked.status).toBe(1);
  expect(unasked.stderr()).toContain('18 events wait for events, and 0 are parked. With --yes');
  const asked = await rollcall(...discard, '--yes');
  expect(asked.status).toBe(0);
  expect(asked.stdout()).toContain(
    '18 events for events discarded: 3 whole connections, which count as left out',
  );
  expect(asked.stdout()).toContain('and 4 ends of connections');
  expect((await rollcall(...discard, '--yes')).stderr()).toContain('nothing waits for events');

  // What was open is ended still, also where its beginning was discarded.
  await stage.network.start();
  await stage.adapter.start();
  await eventuallyNone(() => {
    const lost = distinct(record.events).filter(
      (event) => event.type === 'disconnected' && event.reason === 'adapter-lost',
    );
    return lost.length === 14 ? [] : [`${lost.length} lost`];
  });
});

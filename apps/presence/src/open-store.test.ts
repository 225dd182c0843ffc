import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@rollcall/conformance';
import { TransportError } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { expect, onTestFinished, test } from 'vitest';
import { loadPresenceConfig } from './config.ts';
import { openStore } from './open-store.ts';
import { connected } from './testing/received.ts';

function given() {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-presence-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const config = loadPresenceConfig({
    ROLLCALL_MESSAGING_HOST: 'broker',
    ROLLCALL_PRESENCE_OPEN: 'true',
    ROLLCALL_PRESENCE_DIRECTORY: directory,
  });
  return { directory, open: () => openStore(config, { clock: new ManualClock(), log: silentLog }) };
}

test('the files of the database are for their owner alone, in a directory that others may read too', async () => {
  const { directory, open } = given();
  chmodSync(directory, 0o755);
  const store = await open();
  onTestFinished(() => store.close());
  await store.apply([connected()]);
  const files = readdirSync(directory).toSorted();
  expect(files).toEqual(
    expect.arrayContaining(['presence.db', 'presence.db-shm', 'presence.db-wal', 'presence.lock']),
  );
  expect(files.filter((file) => (statSync(join(directory, file)).mode & 0o077) !== 0)).toEqual([]);
});

test('one service has the directory at a time, and the next one once it is closed', async () => {
  const { open } = given();
  const first = await open();
  await expect(open()).rejects.toThrow(TransportError);
  await expect(open()).rejects.toThrow('another presence service uses it');
  await first.close();
  await (await open()).close();
});

test('a lock that is not a database is reported as such, and no other service is blamed', async () => {
  const { directory, open } = given();
  writeFileSync(join(directory, 'presence.lock'), 'no database, and long enough to be looked at'.repeat(20));
  await expect(open()).rejects.toThrow('file is not a database');
});

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

test('only their owner can read the files of the database, even in a directory that others can read', async () => {
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

test('a second service gets the directory only after the first has closed it', async () => {
  const { open } = given();
  const first = await open();
  await expect(open()).rejects.toThrow(TransportError);
  await expect(open()).rejects.toThrow('another presence service uses it');
  await first.close();
  await (await open()).close();
});

test('a lock file that is not a database is reported as that, and not as another running service', async () => {
  const { directory, open } = given();
  writeFileSync(join(directory, 'presence.lock'), 'no database, and long enough to be read'.repeat(20));
  await expect(open()).rejects.toThrow('file is not a database');
});

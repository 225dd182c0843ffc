import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { expect, onTestFinished, test } from 'vitest';
import { describeStore } from '../../testing/describe-store.ts';
import { connected } from '../../testing/received.ts';
import { SqliteStore } from './sqlite-store.ts';

const announceIntervalMs = 3_600_000;

describeStore('SQLite', 40, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-presence-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'presence.db');
  return {
    open: async (clock, maxChanges) =>
      new SqliteStore({ file, clock, announceIntervalMs, ...(maxChanges !== undefined && { maxChanges }) }),
  };
});

test('those who watch are woken by what changed, and not by what changed nothing', async () => {
  const store = new SqliteStore({ file: ':memory:', clock: new ManualClock(), announceIntervalMs });
  onTestFinished(() => store.close());
  let wakes = 0;
  store.onWake(() => (wakes += 1));
  const begin = connected();
  await store.apply([begin]);
  expect(wakes).toBe(1);
  await store.apply([begin, { ...begin, announcement: true }]);
  await store.dropOld({ defaultMs: 1_000, tenantMs: new Map() });
  await store.sweep();
  await store.forget(deviceRef('acme', 'never-seen'));
  expect(wakes).toBe(1);
  await store.forget(begin.device);
  expect(wakes).toBe(2);
});

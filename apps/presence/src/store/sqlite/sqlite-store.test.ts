import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { describeStore } from '../../testing/describe-store.ts';
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

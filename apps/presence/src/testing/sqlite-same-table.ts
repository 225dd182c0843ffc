import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { describeSameTable } from './describe-same-table.ts';

/** One process has the file open. A killed one leaves the file and its log of writes as they are. */
export function sqliteSameTable(cases: number): void {
  describeSameTable('SQLite', cases, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-presence-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    let lives = 0;
    const file = (): string => join(folder, `${lives}.db`);
    return {
      replicas: 1,
      open: async (clock) => new SqliteStore({ file: file(), clock, announceIntervalMs: 3_600_000 }),
      async kill(replica) {
        const left = file();
        lives += 1;
        for (const part of ['', '-wal'])
          if (existsSync(left + part)) copyFileSync(left + part, file() + part);
        await replica.close();
      },
    };
  });
}

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@rollcall/core/environment';

/** The SQLite store in a folder, beside a file of bare inserts. @param {string} directory */
export async function openSqlite(directory) {
  const app = new URL('../../../apps/presence/src/store/sqlite/sqlite-store.ts', import.meta.url).href;
  const { SqliteStore } = await import(app);
  const file = join(directory, 'presence.db');
  const store = new SqliteStore({ file, clock: systemClock, announceIntervalMs: 3_600_000 });
  const floor = openFloor(join(directory, 'floor.db'));
  return {
    store,
    floor,
    // Its rows come by events alone, which cost less than in a server; nothing is left to be cleaned up.
    multiply: undefined,
    async settle() {},
    vacuumMsPerEvent: async () => 0,
    /** Of this process, which does all of it. */
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    bytes: async () => sizeOf(file),
    /** What was written since the size was asked for. */
    pages: () => statSync(`${file}-wal`).size / pageBytes(file),
    async close() {
      await store.close();
      floor.close();
    },
  };
}

/** The least that keeps an event: its text under its id, committed to disk, a transaction for each batch. @param {string} path */
function openFloor(path) {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE events (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID');
  const insert = database.prepare('INSERT INTO events VALUES (?, ?)');
  return {
    /** @param {readonly { id?: string }[]} batch */
    async apply(batch) {
      database.exec('BEGIN IMMEDIATE');
      for (const event of batch) insert.run(String(event.id), JSON.stringify(event));
      database.exec('COMMIT');
    },
    close: () => database.close(),
  };
}

/** Without the log of writes, which is emptied first. @param {string} path */
function sizeOf(path) {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  return statSync(path).size;
}

/** @param {string} path */
function pageBytes(path) {
  const database = new DatabaseSync(path);
  const { page_size: bytes } = /** @type {{ page_size: number }} */ (
    database.prepare('PRAGMA page_size').get()
  );
  database.close();
  return bytes;
}

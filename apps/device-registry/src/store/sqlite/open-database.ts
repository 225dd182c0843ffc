import { DatabaseSync } from 'node:sqlite';
import { isPassing } from '@rollcall/runtime/sqlite';
import { StoreUnavailable } from '../store-unavailable.ts';

/** Opens the database for one thread. With `readOnly`, it must exist. */
export function openDatabase(file: string, readOnly = false): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly });
  if (!readOnly)
    // A write is answered once it is committed. With FULL, a power failure does not undo a commit.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('PRAGMA busy_timeout = 2000');
  return database;
}

/** The error for the caller: `StoreUnavailable` if the same may succeed later. */
export function asUnavailable(database: DatabaseSync, error: unknown): unknown {
  return isPassing(database, error)
    ? new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error })
    : error;
}

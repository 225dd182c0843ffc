import { DatabaseSync } from 'node:sqlite';
import { isPassing } from '@rollcall/runtime/sqlite';
import { StoreUnavailable } from '../store-unavailable.ts';

/** Opens the database for one thread. `readOnly`: it must be there. */
export function openDatabase(file: string, readOnly = false): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly });
  if (!readOnly)
    // A write is answered once it is committed: FULL, so that a loss of power takes back none.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('PRAGMA busy_timeout = 2000');
  return database;
}

/** What a failure is for whoever asked. */
export function asUnavailable(database: DatabaseSync, error: unknown): unknown {
  return isPassing(database, error)
    ? new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error })
    : error;
}

import { DatabaseSync } from 'node:sqlite';
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

/** A full or broken disk, or a database that is closed, is no fault of what was asked. */
export function isPassing(database: DatabaseSync, error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: unknown };
  return !database.isOpen || (typeof errcode === 'number' && passing.has(errcode & 0xff));
}

/** What a failure is for whoever asked. */
export function asUnavailable(database: DatabaseSync, error: unknown): unknown {
  return isPassing(database, error)
    ? new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error })
    : error;
}

/** Runs in one transaction: all of it is written, or nothing; all of it is read at one moment. */
export function inTransaction<Result>(
  database: DatabaseSync,
  begin: 'BEGIN' | 'BEGIN IMMEDIATE',
  work: () => Result,
): Result {
  database.exec(begin);
  try {
    const done = work();
    database.exec('COMMIT');
    return done;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Primary result codes of SQLite: BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN. */
const passing: ReadonlySet<number> = new Set([5, 6, 7, 8, 9, 10, 13, 14]);

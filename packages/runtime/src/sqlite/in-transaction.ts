import type { DatabaseSync } from 'node:sqlite';

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
    // SQLite may have rolled back by itself, as where the disk is full.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

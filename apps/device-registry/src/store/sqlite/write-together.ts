import type { DatabaseSync } from 'node:sqlite';
import type { RegistryWrite } from '../registry-write.ts';
import type { Written } from '../written.ts';
import type { ThreadAnswer } from './asked-thread.ts';
import { inTransaction, isPassing } from '@rollcall/runtime/sqlite';
import type { Writes } from './writes.ts';

/** Several writes with one wait for the disk. Each is done whole, or not at all, whatever becomes of the others. */
export function writeTogether(
  database: DatabaseSync,
  writes: Writes,
  wanted: readonly RegistryWrite[],
): readonly ThreadAnswer<Written>[] {
  try {
    return inTransaction(database, 'BEGIN IMMEDIATE', () =>
      wanted.map((write) => writeOne(database, writes, write)),
    );
  } catch (error) {
    const answer = problemOf(database, error);
    return wanted.map(() => answer);
  }
}

function writeOne(database: DatabaseSync, writes: Writes, write: RegistryWrite): ThreadAnswer<Written> {
  database.exec('SAVEPOINT one');
  try {
    return { answer: writes.apply(write) };
  } catch (error) {
    // Where the disk is full, SQLite has given up the whole transaction.
    if (!database.isTransaction || isPassing(database, error)) throw error;
    database.exec('ROLLBACK TO one');
    return problemOf(database, error);
  } finally {
    if (database.isTransaction) database.exec('RELEASE one');
  }
}

function problemOf(database: DatabaseSync, error: unknown): ThreadAnswer<never> {
  return {
    problem: error instanceof Error ? error.message : String(error),
    isPassing: isPassing(database, error),
  };
}

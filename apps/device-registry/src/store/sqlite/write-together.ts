import type { DatabaseSync } from 'node:sqlite';
import type { ThreadAnswer } from './worker-client.ts';
import { inTransaction, isPassing } from '@rollcall/runtime/sqlite';
import type { Performed, WriteTask, WriteTasks } from './write-tasks.ts';

/** Carries out several writes with one wait for the disk. Each is done whole, or not at all, and independently of the others. */
export function writeTogether(
  database: DatabaseSync,
  tasks: WriteTasks,
  wanted: readonly WriteTask[],
): readonly ThreadAnswer<Performed>[] {
  try {
    return inTransaction(database, 'BEGIN IMMEDIATE', () =>
      wanted.map((task) => performOne(database, tasks, task)),
    );
  } catch (error) {
    const answer = problemOf(database, error);
    return wanted.map(() => answer);
  }
}

function performOne(database: DatabaseSync, tasks: WriteTasks, task: WriteTask): ThreadAnswer<Performed> {
  database.exec('SAVEPOINT one');
  try {
    return { answer: tasks.perform(task) };
  } catch (error) {
    // If the disk is full, SQLite has rolled back the whole transaction.
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

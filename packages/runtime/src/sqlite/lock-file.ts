import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { makeOwnFile } from './own-files.ts';

/** How long is waited for a process that only looks who has the lock. */
const patienceMs = 1_000;
/** SQLite's code for a file that another connection has locked. */
const sqliteBusy = 5;

export interface FileLock {
  release(): void;
}

/**
 * Takes the lock that belongs to a journal, or to another database, or answers `undefined` where another process has it. It ends with the
 * process, however that ends.
 *
 * @param wait whether to wait a second for it.
 *
 * The lock is SQLite's, on an empty database beside the other one: process ids would not do, since they are the same in
 * every container; and the other one stays readable for others.
 */
export function lockFile(path: string, wait: boolean): FileLock | undefined {
  if (!existsSync(path)) makeOwnFile(path);
  const database = new DatabaseSync(path);
  try {
    database.exec(`
      PRAGMA busy_timeout = ${wait ? patienceMs : 0};
      PRAGMA locking_mode = EXCLUSIVE;
      BEGIN EXCLUSIVE;
    `);
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}

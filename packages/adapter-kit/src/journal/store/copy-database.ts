import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeOwnFile } from './own-files.ts';

/**
 * Writes all that a database holds at this moment into a file of its own, for its owner only, and sees to it that it is on the disk.
 * Others may write to the database meanwhile.
 *
 * @throws Error where the file is there already, or cannot be written; then nothing is left of it.
 */
export function copyDatabase(database: DatabaseSync, file: string): void {
  if (existsSync(file)) throw new Error(`${file} is there already`);
  try {
    // SQLite fills a file that is empty, and keeps its permissions.
    makeOwnFile(file);
    database.prepare('VACUUM INTO ?').run(file);
    syncToDisk(file);
    syncToDisk(dirname(file));
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

function syncToDisk(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

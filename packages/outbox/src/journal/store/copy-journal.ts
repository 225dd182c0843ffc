import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { copiedAtFact, fileFact, inUseFact, partFact } from './journal-facts.ts';
import { makeOwnFile } from '@rollcall/runtime/sqlite';

/**
 * Writes all that a journal holds at this moment into a file of its own, for its owner only, and syncs it to the disk.
 * Others may write to the journal meanwhile.
 *
 * @param copiedAt if the file is to be marked as a copy.
 * @throws Error if the file exists already, or cannot be written; then nothing is left of it.
 */
export function copyJournal(database: DatabaseSync, file: string, copiedAt?: number): void {
  if (existsSync(file)) throw new Error(`${file} is there already`);
  try {
    // SQLite fills a file that is empty, and keeps its permissions.
    makeOwnFile(file);
    database.prepare('VACUUM INTO ?').run(file);
    correctFacts(file, copiedAt);
    syncToDisk(file);
    syncToDisk(dirname(file));
  } catch (error) {
    if (existsSync(file)) rmSync(file);
    throw error;
  }
}

/** Corrects facts that do not hold for a copy: no adapter uses it yet, and it needs no write-ahead log beside it. */
function correctFacts(file: string, copiedAt: number | undefined): void {
  const database = new DatabaseSync(file);
  try {
    const put = database.prepare('INSERT OR REPLACE INTO journal VALUES (?, ?)');
    database.exec('BEGIN');
    const remove = database.prepare('DELETE FROM journal WHERE name = ?');
    for (const fact of [inUseFact, fileFact]) remove.run(fact);
    if (copiedAt !== undefined) {
      put.run(partFact, 'copy');
      put.run(copiedAtFact, String(copiedAt));
    }
    database.exec('COMMIT');
  } finally {
    database.close();
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

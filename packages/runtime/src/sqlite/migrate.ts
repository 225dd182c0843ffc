import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './in-transaction.ts';

/**
 * Brings a database to the newest version, all steps or none. @throws Error where it is of a later one.
 *
 * @param steps from each version to the next; those that were released never change.
 * @param newest a test may want an older one.
 */
export function migrate(database: DatabaseSync, steps: readonly string[], newest = steps.length): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > steps.length)
    throw new Error(
      `it was written by a later version of this program (${version}, this one knows ${steps.length})`,
    );
  if (version >= newest) return;
  inTransaction(database, 'BEGIN IMMEDIATE', () => {
    for (const step of steps.slice(version, newest)) database.exec(step);
    database.exec(`PRAGMA user_version = ${newest}`);
  });
}

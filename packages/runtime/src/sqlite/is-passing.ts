import type { DatabaseSync } from 'node:sqlite';

/** Primary result codes of SQLite: BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN. */
const passing: ReadonlySet<number> = new Set([5, 6, 7, 8, 9, 10, 13, 14]);

/** Whether the same may succeed later: a full or broken disk, or a database that is closed, is no fault of what was asked. */
export function isPassing(database: Pick<DatabaseSync, 'isOpen'>, error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: unknown };
  return !database.isOpen || (typeof errcode === 'number' && passing.has(errcode & 0xff));
}

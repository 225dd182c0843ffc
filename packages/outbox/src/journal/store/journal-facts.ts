import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { PartOfJournal } from './stored.ts';

/** In the table `journal` while an adapter runs on it, and after one that was killed. */
export const inUseFact = 'in-use';
/** Why the journal may be incomplete, see `PartOfJournal`. It is there until an adapter uses the journal. */
export const partFact = 'part';
/** For a copy, when it was made: milliseconds since the Unix epoch. */
export const copiedAtFact = 'copied-at';
/** In which file an adapter used it last, see {@link identityOf}. */
export const fileFact = 'file';

/** The write-ahead log of a journal: it has the latest changes, which are not in the file yet. */
export function walOf(file: string): string {
  return `${file}-wal`;
}

/** Is there while what should be in the journal cannot be written. An empty file needs no room where the disk is full. */
export function unwrittenOf(file: string): string {
  return `${file}.unwritten`;
}

/**
 * Whether, and why, a journal may lack what its adapter wrote last.
 *
 * @param hadLog whether the log beside it was not empty before it was opened. While an adapter runs, and after it was
 *   killed, the log is never empty.
 */
export function partOf(database: DatabaseSync, hadLog: boolean, file: string): PartOfJournal | undefined {
  const part = factOf(database, partFact);
  if (part === 'copy' || part === 'without-log' || part === 'unwritten') return part;
  if (factOf(database, inUseFact) !== undefined && !hadLog) return 'without-log';
  return existsSync(unwrittenOf(file)) ? 'unwritten' : undefined;
}

/**
 * Which file it is: no copy has the same, even if it is whole, and stands in the same place. A file system that does not know when
 * a file was made says the same of all.
 */
export function identityOf(file: string): string {
  const { ino, birthtimeNs } = statSync(file, { bigint: true });
  return `${ino} ${birthtimeNs}`;
}

/** Whether an adapter used another file than this one last. Journals of earlier versions do not say it. */
export function isElsewhere(database: DatabaseSync, file: string): boolean {
  const usedLast = factOf(database, fileFact);
  return usedLast !== undefined && usedLast !== identityOf(file);
}

export function factOf(database: DatabaseSync, name: string): string | undefined {
  const value = database.prepare('SELECT value FROM journal WHERE name = ?').get(name)?.['value'];
  return typeof value === 'string' ? value : undefined;
}

/** Whether the log beside a journal that is not open here has any content. */
export function hasLog(file: string): boolean {
  return (statSync(walOf(file), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Whether the pages and rows of a journal are consistent. Reads them from the file, not from a cache. */
export function isSound(file: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const [answer] = database.prepare('PRAGMA integrity_check(1)').all();
    const unpaired = database
      .prepare(
        `SELECT (SELECT count(*) FROM standing WHERE seq NOT IN (SELECT seq FROM event))
              + (SELECT count(*) FROM event WHERE seq NOT IN (SELECT seq FROM standing)) AS rows`,
      )
      .get();
    return answer?.['integrity_check'] === 'ok' && unpaired?.['rows'] === 0;
  } catch {
    return false;
  } finally {
    database?.close();
  }
}

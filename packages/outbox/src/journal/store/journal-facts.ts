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

/** Is there from a write that failed until nothing waits to be written any more. An empty file needs no room where the disk is full. */
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

/** What a file system says of a file. */
export type FileFacts = Readonly<Record<'ino' | 'birthtimeNs' | 'ctimeNs', bigint>>;

/** Which file it is: no copy has the same, even if it is whole, and stands in the same place. */
export function identityOf(file: string): string {
  return identityIn(statSync(file, { bigint: true }));
}

/**
 * Its number, and when it was made if that is known. A file system that does not know it says 0, or, on an old kernel or in some
 * sandboxes, when the file was changed last.
 */
export function identityIn({ ino, birthtimeNs, ctimeNs }: FileFacts): string {
  const isKnown = birthtimeNs !== 0n && birthtimeNs !== ctimeNs;
  return isKnown ? `${ino} ${birthtimeNs}` : String(ino);
}

/** Whether an adapter used another file than this one last. Journals of earlier versions do not say it. */
export function isElsewhere(database: DatabaseSync, file: string): boolean {
  const usedLast = factOf(database, fileFact);
  return usedLast !== undefined && isAnother(usedLast, identityOf(file));
}

export function isAnother(usedLast: string, now: string): boolean {
  const [number, madeAt] = usedLast.split(' ');
  const [numberNow, madeAtNow] = now.split(' ');
  return number !== numberNow || (madeAt !== undefined && madeAtNow !== undefined && madeAt !== madeAtNow);
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

import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { TransportError } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import { inspectJournal, openToRead } from './inspect-journal.ts';
import { copyJournal } from './store/copy-journal.ts';

/**
 * Makes a whole copy of a journal, for its owner only; its adapter may run meanwhile. The copy appears in its place as a whole, or not at
 * all, and is marked as a copy.
 *
 * @throws TransportError if the target exists already, its directory does not exist, the file is not a journal, or its write-ahead log
 * is missing.
 */
export function backupJournal(file: string, target: string, clock: Pick<Clock, 'now'>): void {
  if (existsSync(target)) throw isThere(target);
  // The directory is not made here: with a mistake in the path, the backup would be outside of its volume, and no one would notice.
  if (!existsSync(dirname(target)))
    throw new TransportError(`${target} cannot be written: there is no directory ${dirname(target)}`);
  const view = inspectJournal(file);
  const { partOfJournal } = view.status();
  view.close();
  if (partOfJournal === 'without-log')
    throw new TransportError(
      `${file}: its write-ahead log is missing, so it is not whole: copy the original`,
    );
  const unfinished = `${target}.${process.pid}.unfinished`;
  try {
    if (existsSync(unfinished)) rmSync(unfinished);
    const database = openToRead(file);
    try {
      copyJournal(database, unfinished, clock.now());
    } finally {
      database.close();
    }
    putInPlace(unfinished, target);
  } catch (error) {
    if (error instanceof TransportError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new TransportError(`${target} cannot be written (${why})`, { cause: error });
  } finally {
    if (existsSync(unfinished)) rmSync(unfinished);
  }
}

const noHardLinks: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
]);

/** Never replaces a file that another process has put there meanwhile, if the file system can prevent it. */
function putInPlace(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (existsSync(to)) throw isThere(to);
    if (!noHardLinks.has((error as NodeJS.ErrnoException).code)) throw error;
    renameSync(from, to);
  }
}

function isThere(target: string): TransportError {
  return new TransportError(`${target} is there already: it is not overwritten`);
}

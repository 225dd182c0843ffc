import { accessSync, constants, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { markFiles, type FileMarks, type FilesState } from './file-marks.ts';
import { walOf } from './journal-facts.ts';
import { makeOwnDirectory } from './own-files.ts';
import {
  lockJournal,
  lockOf,
  openLockedStore,
  type SqliteStore,
  type SqliteStoreOptions,
} from './sqlite-store.ts';
import type { StoreCondition } from './stored.ts';

/** A journal's file that is looked after: where it is removed, replaced or overwritten, a new one is begun in its place. */
export interface KeptStore extends Omit<SqliteStore, 'copyTo' | 'isSound'> {
  /** Looks whether the file is what it was, and begins a new one where it is not. */
  check(): StoreCondition;
}

/** Looks during which times say nothing, after one that said something wrong: there are file systems whose times change late. */
const looksWithoutTimes = 30;

type Trouble = Exclude<FilesState, 'same'>;

const problems: Readonly<Record<Trouble, string>> = {
  moved: 'it was removed or replaced',
  written: 'somebody else has written to it',
  ruined: 'somebody else has written to it, and removed a part of it',
};

/**
 * Opens a journal's file, and looks before each use whether it is what it was.
 *
 * A file that is gone from its place is still open here: it is written to until all of it was copied into a new one. Where somebody
 * wrote to it, and it does not fit together any more, the new one begins with nothing.
 *
 * @throws Error where it cannot be used.
 */
export function openKeptStore(options: SqliteStoreOptions): KeptStore {
  const { file } = options;
  let lock = lockJournal(file);
  let store: SqliteStore | undefined;
  let marks: FileMarks;
  /** Until a new one is begun. */
  let trouble: Trouble | undefined;
  /** Whether somebody has written to it since the last check, and it still fits together. */
  let isDoubtful = false;
  /** Until times count again. */
  let looksLeft = 0;

  function opened(): SqliteStore {
    if (store) return store;
    store = openLockedStore(options);
    marks = markFiles([file, walOf(file)], [`${file}-shm`, lockOf(file)]);
    return store;
  }

  function look(): void {
    if (trouble !== undefined) return;
    const state = marks.compare(looksLeft === 0);
    if (state === 'same') return;
    if (state !== 'written' || !opened().isSound()) {
      trouble = state;
      return;
    }
    isDoubtful = true;
    looksLeft = looksWithoutTimes;
    // What was read before may not be what stands there now.
    store?.close();
    store = undefined;
    opened();
  }

  function used<Result>(use: (store: SqliteStore) => Result): Result {
    opened();
    look();
    const now = opened();
    // One that is only gone from its place still has everything.
    if (trouble !== undefined && trouble !== 'moved') throw new Error(problems[trouble]);
    try {
      return use(now);
    } finally {
      if (trouble === undefined) marks.written();
    }
  }

  /** Another process may have begun a journal in its place: then it is not ours any more. */
  function lockAgain(): void {
    if (marks.isInPlace(lockOf(file))) return;
    const before = lock;
    lock = lockJournal(file);
    before.release();
  }

  /** @returns what is to be told of it. */
  function beginAnew(cause: Trouble, old: SqliteStore): StoreCondition {
    makeOwnDirectory(dirname(file));
    lockAgain();
    const copy = `${file}.new`;
    rmSync(copy, { force: true });
    const isKept = cause === 'moved';
    if (isKept) old.copyTo(copy);
    const setAside = isKept && marks.isInPlace(file) ? undefined : setAsideForeign(file);
    for (const beside of ['-wal', '-shm']) rmSync(file + beside, { force: true });
    if (isKept) renameSync(copy, file);
    // Before the new one is opened, and after it stands there: SQLite removes the log beside the name of a file that it closes.
    store = trouble = undefined;
    old.close();
    opened();
    return {
      state: 'begun-anew',
      problem: problems[cause],
      from: isKept ? 'all' : 'nothing',
      ...(setAside !== undefined && { setAside }),
    };
  }

  function check(): StoreCondition {
    try {
      opened();
      look();
      looksLeft = Math.max(0, looksLeft - 1);
      if (trouble !== undefined) return beginAnew(trouble, opened());
      for (const path of [dirname(file), file, walOf(file)])
        if (existsSync(path)) accessSync(path, constants.W_OK);
      if (!isDoubtful) return { state: 'whole' };
      isDoubtful = false;
      return { state: 'doubtful', problem: problems.written };
    } catch (error) {
      const why = messageOf(error);
      return { state: 'away', problem: trouble === undefined ? why : `${problems[trouble]}: ${why}` };
    }
  }

  try {
    opened();
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    summary: () => used((now) => now.summary()),
    pending: (page) => used((now) => now.pending(page)),
    open: (page) => used((now) => now.open(page)),
    rhythms: (page) => used((now) => now.rhythms(page)),
    proofs: (page) => used((now) => now.proofs(page)),
    owed: (page) => used((now) => now.owed(page)),
    events: (seqs) => used((now) => now.events(seqs)),
    apply: (batch) => used((now) => now.apply(batch)),
    check,
    close() {
      try {
        // What it knows would end with this process.
        if (check().state !== 'away') store?.close();
      } finally {
        store = undefined;
        lock.release();
      }
    },
  };
}

/** What somebody put in the place of the journal is not ours to throw away, unless it is nothing. @returns where it is now. */
function setAsideForeign(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (found.isFile() && found.size === 0) {
    rmSync(file);
    return undefined;
  }
  const aside = `${file}.set-aside-${Math.round(found.mtimeMs)}`;
  renameSync(file, aside);
  return aside;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { accessSync, constants, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { markFiles, type FileMarks, type FilesState } from './file-marks.ts';
import { walOf } from './journal-facts.ts';
import { makeOwnDirectory, type FileLock } from '@rollcall/runtime/sqlite';
import {
  lockJournal,
  lockOf,
  openLockedStore,
  type SqliteStore,
  type SqliteStoreOptions,
} from './sqlite-store.ts';
import type { Batch, Page, StoreCondition, StoreReads, StoreSummary } from './stored.ts';

/** How many checks ignore times after a time was wrong: some file systems change the times of a file late. */
const looksWithoutTimes = 30;

type Trouble = Exclude<FilesState, 'same'>;

const problems: Readonly<Record<Trouble, string>> = {
  moved: 'it was removed or replaced',
  written: 'another process has written to it',
  ruined: 'another process has written to it, and removed a part of it',
};

/** The file that was opened last, and its marks at that time. */
interface OpenFile {
  readonly store: SqliteStore;
  readonly marks: FileMarks;
}

/**
 * Opens a journal's file, and checks before each use whether it is still the same.
 *
 * @throws Error if it cannot be used.
 */
export function openKeptStore(options: SqliteStoreOptions): KeptStore {
  const lock = lockJournal(options.file);
  try {
    return new KeptStore(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * A journal's file that is watched: if it is removed, replaced or overwritten, a new one is begun in its place.
 *
 * A file that is gone from its place is still open here: it stays in use until all of it is copied into a new one. If another process
 * wrote to it, and it is not consistent any more, the new one begins empty.
 */
export class KeptStore implements Omit<SqliteStore, 'copyTo' | 'isSound'> {
  readonly #options: SqliteStoreOptions;
  readonly #file: string;
  #lock: FileLock;
  #openFile: OpenFile | undefined;
  /** Set until a new file is begun. */
  #trouble: Trouble | undefined;
  /** Whether another process has written to it since the last check, and it is still consistent. */
  #isDoubtful = false;
  /** How many checks are left until times count again. */
  #looksLeft = 0;

  constructor(options: SqliteStoreOptions, lock: FileLock) {
    this.#options = options;
    this.#file = options.file;
    this.#lock = lock;
    this.#opened();
  }

  summary(): StoreSummary {
    return this.#used((store) => store.summary());
  }

  pending(page: Page): ReturnType<StoreReads['pending']> {
    return this.#used((store) => store.pending(page));
  }

  open(page: Page): ReturnType<StoreReads['open']> {
    return this.#used((store) => store.open(page));
  }

  rhythms(page: Page): ReturnType<StoreReads['rhythms']> {
    return this.#used((store) => store.rhythms(page));
  }

  proofs(page: Page): ReturnType<StoreReads['proofs']> {
    return this.#used((store) => store.proofs(page));
  }

  owed(page: Page): ReturnType<StoreReads['owed']> {
    return this.#used((store) => store.owed(page));
  }

  events(seqs: readonly number[]): ReturnType<StoreReads['events']> {
    return this.#used((store) => store.events(seqs));
  }

  apply(batch: Batch): void {
    this.#used((store) => store.apply(batch));
  }

  /** Checks whether the file is still the same, and begins a new one if not. */
  check(): StoreCondition {
    try {
      this.#look();
      this.#looksLeft = Math.max(0, this.#looksLeft - 1);
      if (this.#trouble !== undefined) return this.#beginAnew(this.#trouble, this.#opened());
      for (const path of [dirname(this.#file), this.#file, walOf(this.#file)])
        if (existsSync(path)) accessSync(path, constants.W_OK);
      if (!this.#isDoubtful) return { state: 'whole' };
      this.#isDoubtful = false;
      return { state: 'doubtful', problem: problems.written };
    } catch (error) {
      const why = messageOf(error);
      const trouble = this.#trouble;
      return { state: 'away', problem: trouble === undefined ? why : `${problems[trouble]}: ${why}` };
    }
  }

  close(): void {
    try {
      // Otherwise its content would be lost with this process.
      if (this.check().state !== 'away') this.#openFile?.store.close();
    } finally {
      this.#openFile = undefined;
      this.#lock.release();
    }
  }

  #opened(): OpenFile {
    const file = this.#file;
    this.#openFile ??= {
      store: openLockedStore(this.#options),
      marks: markFiles([file, walOf(file)], [`${file}-shm`, lockOf(file)]),
    };
    return this.#openFile;
  }

  #used<Result>(use: (store: SqliteStore) => Result): Result {
    this.#look();
    const { store, marks } = this.#opened();
    // A file that is only gone from its place still has everything.
    if (this.#trouble !== undefined && this.#trouble !== 'moved') throw new Error(problems[this.#trouble]);
    try {
      return use(store);
    } finally {
      if (this.#trouble === undefined) marks.written();
    }
  }

  #look(): void {
    const { store, marks } = this.#opened();
    if (this.#trouble !== undefined) return;
    const state = marks.compare(this.#looksLeft === 0);
    if (state === 'same') return;
    if (state !== 'written' || !store.isSound()) {
      this.#trouble = state;
      return;
    }
    this.#isDoubtful = true;
    this.#looksLeft = looksWithoutTimes;
    // The content that was read before may not be that of the present file.
    store.close();
    this.#openFile = undefined;
    this.#opened();
  }

  /** @returns what the adapter logs about it. */
  #beginAnew(cause: Trouble, { store: old, marks }: OpenFile): StoreCondition {
    const file = this.#file;
    makeOwnDirectory(dirname(file));
    this.#lockAgain(marks);
    const copy = `${file}.new`;
    rmSync(copy, { force: true });
    const isKept = cause === 'moved';
    if (isKept) old.copyTo(copy);
    const setAside = isKept && marks.isInPlace(file) ? undefined : setAsideForeign(file);
    for (const beside of ['-wal', '-shm']) rmSync(file + beside, { force: true });
    if (isKept) renameSync(copy, file);
    // When SQLite closes a file, it removes the log beside its name. So the old file is closed before the new one is opened.
    this.#openFile = this.#trouble = undefined;
    old.close();
    this.#opened();
    return {
      state: 'begun-anew',
      problem: problems[cause],
      from: isKept ? 'all' : 'nothing',
      ...(setAside !== undefined && { setAside }),
    };
  }

  /** Another process may have begun a journal in this place: then the place is not ours any more. */
  #lockAgain(marks: FileMarks): void {
    if (marks.isInPlace(lockOf(this.#file))) return;
    const before = this.#lock;
    this.#lock = lockJournal(this.#file);
    before.release();
  }
}

/** A foreign file in the place of the journal is kept under another name, unless it is empty. @returns where it is now. */
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

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { copyJournal } from './copy-journal.ts';
import {
  fileFact,
  hasLog,
  identityOf,
  inUseFact,
  isElsewhere,
  isSound,
  partFact,
  partOf,
  unwrittenOf,
} from './journal-facts.ts';
import {
  inTransaction,
  lockFile,
  makeOwnDirectory,
  makeOwnFile,
  type FileLock,
} from '@rollcall/runtime/sqlite';
import { createStoreReads } from './read-store.ts';
import { migrate } from './schema.ts';
import type { Batch, StoreReads, StoreSummary } from './stored.ts';
import { StoreWrites } from './write-store.ts';

export interface SqliteStoreOptions {
  readonly file: string;
  /** `process`: committed batches outlive the process. `power`: they also outlive a loss of power. */
  readonly durability: 'process' | 'power';
  /** Greatest size of the file. */
  readonly maxBytes: number;
}

/** The journal's file, open in this thread. */
export interface SqliteStore extends StoreReads {
  summary(): StoreSummary;
  /** @throws Error if nothing of the batch was kept. */
  apply(batch: Batch): void;
  /** Makes a whole copy in a new file, also if the journal's own file is gone from its place. */
  copyTo(file: string): void;
  /** Whether the present content of the file is consistent. */
  isSound(): boolean;
  close(): void;
}

/** After how many pages the write-ahead log is moved to the file: 4 MB. With more, commits would wait longer for each move. */
const checkpointPages = 1_000;

/** Opens the journal's file, and makes it if there is none. @throws Error if it cannot be used. */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const lock = lockJournal(options.file);
  try {
    const store = openLockedStore(options);
    return {
      ...store,
      close() {
        store.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Takes the lock of a journal, whose directory is made if there is none. @throws Error if another process has the lock. */
export function lockJournal(file: string): FileLock {
  makeOwnDirectory(dirname(file));
  const lock = lockFile(lockOf(file), true);
  if (!lock) throw new Error('another process has it open: two adapters must not run with one adapter id');
  return lock;
}

/** As {@link openSqliteStore}, for a caller that has the lock. */
export function openLockedStore({ file, durability, maxBytes }: SqliteStoreOptions): SqliteStore {
  const hadLog = hasLog(file);
  const database = openDatabase(file, durability, maxBytes);
  const writes = new StoreWrites(database);
  const partOfJournal = partOf(database, hadLog, file) ?? (isElsewhere(database, file) ? 'copy' : undefined);
  if (partOfJournal) writes.putFact(partFact, partOfJournal);
  writes.putFact(inUseFact, 'yes');
  writes.putFact(fileFact, identityOf(file));
  // Writes the fact into the file itself, so that a copy of the file alone differs from a journal that was closed.
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  const unwritten = new UnwrittenMark(unwrittenOf(file));

  return {
    ...createStoreReads(database),
    summary: () => ({ ...summaryOf(database), ...(partOfJournal && { partOfJournal }) }),
    apply(batch) {
      unwritten.unlessAll(batch, () =>
        inTransaction(database, 'BEGIN IMMEDIATE', () => writes.change(batch)),
      );
    },
    copyTo: (copy) => copyJournal(database, copy),
    isSound: () => isSound(file),
    close() {
      try {
        writes.removeFact(inUseFact);
      } catch {
        // The file may be read-only: then it looks as after a crash.
      }
      database.close();
    },
  };
}

/**
 * Tells the next run that this one could not write all: it cannot say so in the journal itself. It is there until all is written,
 * here or by the next run.
 */
class UnwrittenMark {
  readonly #path: string;
  #stands: boolean;

  constructor(path: string) {
    this.#path = path;
    this.#stands = existsSync(path);
  }

  /** Puts the mark where `write` throws, and takes it away where it does not, and nothing else waits to be written. */
  unlessAll({ moreWaits }: Batch, write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#put();
      throw error;
    }
    if (!this.#stands || moreWaits) return;
    rmSync(this.#path, { force: true });
    this.#stands = false;
  }

  #put(): void {
    if (this.#stands) return;
    try {
      writeFileSync(this.#path, '', { mode: 0o600 });
      this.#stands = true;
    } catch {
      // Not even that can be written: why the journal cannot is reported already.
    }
  }
}

/** The file whose lock is the journal's. */
export function lockOf(file: string): string {
  return `${file}.lock`;
}

function openDatabase(
  file: string,
  durability: SqliteStoreOptions['durability'],
  maxBytes: number,
): DatabaseSync {
  makeOwnFile(file);
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'};
      PRAGMA wal_autocheckpoint = ${checkpointPages};
    `);
    migrate(database);
    const pageSize = Number(database.prepare('PRAGMA page_size').get()?.['page_size'] ?? 4_096);
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function summaryOf(database: DatabaseSync): StoreSummary {
  const fact = database.prepare('SELECT value FROM journal WHERE name = ?');
  const highWater = fact.get('high-water')?.['value'];
  const instance = fact.get('instance')?.['value'];
  const proofKey = fact.get('proof-key')?.['value'];
  const lastSeq = database.prepare('SELECT max(seq) AS seq FROM event').get()?.['seq'];
  return {
    ...(typeof highWater === 'string' && { highWater }),
    ...(typeof instance === 'string' && { instance }),
    ...(typeof proofKey === 'string' && { proofKey: Buffer.from(proofKey, 'base64') }),
    lastSeq: Number(lastSeq ?? 0),
  };
}

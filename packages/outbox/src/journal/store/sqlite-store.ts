import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { copyJournal } from './copy-journal.ts';
import { copiedAtFact, hasLog, inUseFact, isSound, partFact, partOf } from './journal-facts.ts';
import { makeOwnDirectory, makeOwnFile } from './own-files.ts';
import { lockFile, type FileLock } from './lock-file.ts';
import { createStoreReads, toStanding } from './read-store.ts';
import { migrate } from './schema.ts';
import { settled } from './settled.ts';
import type { Batch, ProofBatch, Settlement, Standing, StoreReads, StoreSummary } from './stored.ts';

export interface SqliteStoreOptions {
  readonly file: string;
  /** `process`: what was committed outlives the process. `power`: also a loss of power. */
  readonly durability: 'process' | 'power';
  /** Greatest size of the file. */
  readonly maxBytes: number;
}

/** The journal's file, open in this thread. */
export interface SqliteStore extends StoreReads {
  summary(): StoreSummary;
  /** @throws Error where nothing of the batch was kept. */
  apply(batch: Batch): void;
  /** Makes a whole copy in a file that is not there yet, also where the journal's own file is gone from its place. */
  copyTo(file: string): void;
  /** Whether everything in it fits together, as it stands in the file now. */
  isSound(): boolean;
  close(): void;
}

/** Pages of the write-ahead log after which they are moved to the file: 4 MB. With more, commits wait longer for each move. */
const checkpointPages = 1_000;

/** Opens the journal's file, and makes it where there is none. @throws Error where it cannot be used. */
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

/** Takes the lock of a journal, whose directory is made where there is none. @throws Error where another process has it. */
export function lockJournal(file: string): FileLock {
  makeOwnDirectory(dirname(file));
  const lock = lockFile(lockOf(file), true);
  if (!lock) throw new Error('another process has it open: two adapters must not run with one adapter id');
  return lock;
}

/** As {@link openSqliteStore}, for whoever has the lock. */
export function openLockedStore({ file, durability, maxBytes }: SqliteStoreOptions): SqliteStore {
  const hadLog = hasLog(file);
  const database = openDatabase(file, durability, maxBytes);
  const insertEvent = database.prepare('INSERT OR REPLACE INTO event VALUES (?, ?, ?)');
  const putStanding = database.prepare('INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?)');
  const standingOf = database.prepare(
    'SELECT open, waiting, parked, last_seen, lease FROM standing WHERE seq = ?',
  );
  const removeEvent = database.prepare('DELETE FROM event WHERE seq = ?');
  const removeStanding = database.prepare('DELETE FROM standing WHERE seq = ?');
  // A new row, and with it a new place in the order.
  const putRhythm = database.prepare('INSERT OR REPLACE INTO rhythm (holder, gaps) VALUES (?, ?)');
  const removeRhythm = database.prepare('DELETE FROM rhythm WHERE holder = ?');
  const putProof = database.prepare('INSERT OR REPLACE INTO proof (hash, name, at) VALUES (?, ?, ?)');
  const removeProof = database.prepare('DELETE FROM proof WHERE hash = ?');
  const putOwed = database.prepare(
    'INSERT OR REPLACE INTO owed (tenant, device, sink, pairs) VALUES (?, ?, ?, ?)',
  );
  const removeOwed = database.prepare('DELETE FROM owed WHERE tenant = ? AND device = ? AND sink = ?');
  const putFact = database.prepare('INSERT OR REPLACE INTO journal VALUES (?, ?)');
  const removeFact = database.prepare('DELETE FROM journal WHERE name = ?');
  const partOfJournal = partOf(database, hadLog);
  if (partOfJournal) putFact.run(partFact, partOfJournal);
  putFact.run(inUseFact, 'yes');
  // In the file itself, so that a copy of it alone can be told from a journal that was closed.
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');

  function stand(seq: number, { open, waiting, parked, lastSeen, lease }: Standing): void {
    putStanding.run(
      seq,
      open ? 1 : 0,
      JSON.stringify(waiting),
      JSON.stringify(parked),
      lastSeen ?? null,
      lease ?? null,
    );
  }

  function remove(seq: number): void {
    removeEvent.run(seq);
    removeStanding.run(seq);
  }

  function settle(seq: number, settlements: readonly Settlement[]): void {
    const row = standingOf.get(seq);
    if (!row) return;
    const standing = settled(toStanding(row), settlements);
    if (standing) stand(seq, standing);
    else remove(seq);
  }

  function prove({ key, marks }: ProofBatch): void {
    if (key) putFact.run('proof-key', Buffer.from(key).toString('base64'));
    for (const { name, hash, at } of marks) {
      if (at === undefined) removeProof.run(hash);
      else putProof.run(hash, name, at);
    }
  }

  function owe(owed: NonNullable<Batch['owed']>): void {
    for (const { tenant, device, sink, pairs } of owed) {
      if (pairs === 0) removeOwed.run(tenant, device, sink);
      else putOwed.run(tenant, device, sink, pairs);
    }
  }

  function change(batch: Batch): void {
    const { highWater, instance, removed, inserted, updated, settled: settledNow, rhythms, proofs } = batch;
    if (highWater !== undefined) putFact.run('high-water', highWater);
    if (instance !== undefined) {
      putFact.run('instance', instance);
      // From now on it is what this one knows.
      for (const fact of [partFact, copiedAtFact]) removeFact.run(fact);
    }
    // First what makes room.
    for (const seq of removed) remove(seq);
    for (const [seq, settlements] of settledNow) settle(seq, settlements);
    for (const [seq, standing] of updated) stand(seq, standing);
    for (const { seq, facts, downstream, standing } of inserted) {
      insertEvent.run(seq, facts, downstream);
      stand(seq, standing);
    }
    for (const [holder, gaps] of rhythms) {
      if (gaps === undefined) removeRhythm.run(holder);
      else putRhythm.run(holder, gaps);
    }
    if (proofs) prove(proofs);
    if (batch.owed) owe(batch.owed);
  }

  return {
    ...createStoreReads(database),
    summary: () => ({ ...summaryOf(database), ...(partOfJournal && { partOfJournal }) }),
    apply(batch) {
      database.exec('BEGIN IMMEDIATE');
      try {
        change(batch);
        database.exec('COMMIT');
      } catch (error) {
        // SQLite may have rolled back by itself, as where the disk is full.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    copyTo: (copy) => copyJournal(database, copy),
    isSound: () => isSound(file),
    close() {
      try {
        removeFact.run(inUseFact);
      } catch {
        // It can only be read: then it looks as after a crash.
      }
      database.close();
    },
  };
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

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { peerBeingServed, servePeer } from '@rollcall/containment';
import { TransportError } from '@rollcall/core';
import { later, type Clock, type Log } from '@rollcall/core/environment';
import type { Queued } from './message-order.ts';
import { makeOwnDirectory, makeOwnFile } from '@rollcall/runtime/sqlite';

interface StoredQueue {
  readonly name: string;
  readonly messages: readonly Queued[];
}

/** Keeps queues and their messages on disk. The changes of one turn of the event loop are written together. */
export interface Store {
  /** All queues, with their messages in order. */
  load(): readonly StoredQueue[];
  /** Tried again until it is written, as `remove` is. */
  createQueue(name: string): void;
  /** `written` is called once the message is on disk, or with the error that prevented it. */
  append(queue: string, message: Queued, written: (error?: Error) => void): void;
  remove(queue: string, position: number): void;
  close(): void;
}

export interface StoreOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** Until what could not be written is tried again. */
const retryMs = 1_000;

/**
 * One SQLite file in `directory`. `synchronous=NORMAL` with a write-ahead log: what was written survives the end of the
 * process by any means; a power failure may take the last moments.
 *
 * @throws TransportError when another process uses the directory, or it cannot be written.
 */
export function openStore(directory: string, options: StoreOptions): Store {
  const database = openDatabase(directory);
  database.exec(`
    CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS message (
      queue INTEGER NOT NULL REFERENCES queue (id),
      position INTEGER NOT NULL,
      payload BLOB NOT NULL,
      PRIMARY KEY (queue, position)
    ) WITHOUT ROWID;
  `);
  // A store that was made before messages could expire has no such column.
  const columns = database.prepare('PRAGMA table_info(message)').all();
  if (!columns.some(({ name }) => name === 'expires_at'))
    database.exec('ALTER TABLE message ADD COLUMN expires_at INTEGER');
  const writer = createWriter(database, options);
  return {
    load() {
      const queues = database.prepare('SELECT id, name FROM queue ORDER BY id').all();
      const messages = database.prepare(
        'SELECT position, payload, expires_at FROM message WHERE queue = ? ORDER BY position',
      );
      return queues.map(({ id, name }) => ({
        name: String(name),
        messages: messages.all(Number(id)).map(({ position, payload, expires_at: expiresAt }) => ({
          position: Number(position),
          payload: Buffer.from(payload as Uint8Array),
          expiresAt: expiresAt === null ? undefined : Number(expiresAt),
        })),
      }));
    },
    createQueue: writer.createQueue,
    append: writer.append,
    remove: writer.remove,
    close() {
      writer.close();
      database.close();
    },
  };
}

type Writer = Omit<Store, 'load'>;

function createWriter(database: DatabaseSync, { clock, log }: StoreOptions): Writer {
  const statements = {
    createQueue: database.prepare('INSERT INTO queue (name) VALUES (?) ON CONFLICT DO NOTHING'),
    append: database.prepare('INSERT INTO message SELECT id, ?, ?, ? FROM queue WHERE name = ?'),
    remove: database.prepare(
      'DELETE FROM message WHERE position = ? AND queue = (SELECT id FROM queue WHERE name = ?)',
    ),
  };
  let appends: (() => void)[] = [];
  let callbacks: ((error?: Error) => void)[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  /** New queues, and messages that are done with, by queue. Nothing comes of it when they cannot be written: they are kept. */
  const created = new Set<string>();
  const removed = new Map<string, Set<number>>();
  let isComplaining = false;
  let stopRetry = (): void => {};

  function schedule(): void {
    scheduled ??= setImmediate(commit);
  }

  /** @returns what prevented it: then nothing is written. */
  function write(messages: readonly (() => void)[]): Error | undefined {
    try {
      database.exec('BEGIN');
      for (const name of created) statements.createQueue.run(name);
      for (const [queue, positions] of removed)
        for (const position of positions) statements.remove.run(position, queue);
      for (const append of messages) append();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      return error instanceof Error ? error : new Error(String(error));
    }
    created.clear();
    removed.clear();
    isComplaining = false;
    return undefined;
  }

  function commit(): void {
    clearImmediate(scheduled);
    scheduled = undefined;
    stopRetry();
    const [messages, waiting] = [appends, callbacks];
    appends = [];
    callbacks = [];
    const failure = write(messages);
    if (failure && created.size + removed.size > 0) writeTheRest(failure, messages.length > 0);
    for (const written of waiting) written(failure);
  }

  /** Whoever sent a message that could not be written is told, and sends again. The rest is tried without them, and again later. */
  function writeTheRest(failure: Error, hadMessages: boolean): void {
    const err = hadMessages ? write([]) : failure;
    if (!err) return;
    stopRetry = clock.at(later(clock.monotonic(), retryMs), commit);
    if (isComplaining) return;
    isComplaining = true;
    log.error({ err }, 'what consumers settled could not be written: it is tried again');
  }

  return {
    createQueue(name) {
      created.add(name);
      schedule();
    },
    append(queue, { position, payload, expiresAt = null }, written) {
      const peer = peerBeingServed();
      callbacks.push(peer ? (error) => servePeer(peer, () => written(error)) : written);
      appends.push(() => {
        // Its row may have been undone together with the messages that it was written with.
        statements.createQueue.run(queue);
        const { changes: stored } = statements.append.run(position, payload, expiresAt, queue);
        if (stored !== 1) throw new Error(`a message for ${queue} was not stored`);
      });
      schedule();
    },
    remove(queue, position) {
      const ofQueue = removed.get(queue) ?? new Set();
      removed.set(queue, ofQueue.add(position));
      schedule();
    },
    close() {
      commit();
      stopRetry();
    },
  };
}

function openDatabase(directory: string): DatabaseSync {
  try {
    // Messages have the names and the data of devices: they are for the owner alone.
    makeOwnDirectory(directory);
    const file = join(directory, 'messages.sqlite');
    makeOwnFile(file);
    const database = new DatabaseSync(file);
    // The exclusive lock is taken with the first write, and kept: a second process fails here and not later.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec('BEGIN IMMEDIATE; COMMIT;');
    return database;
  } catch (error) {
    const { message } = error as Error;
    const why = /locked|busy/i.test(message) ? 'another messaging network uses it' : message;
    throw new TransportError(`data directory ${directory} cannot be used: ${why}`, { cause: error });
  }
}

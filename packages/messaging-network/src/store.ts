import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { peerBeingServed, servePeer } from '@rollcall/containment';
import { TransportError } from '@rollcall/core';
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
  createQueue(name: string): void;
  /** `written` is called once the message is on disk, or with the error that prevented it. */
  append(queue: string, message: Queued, written: (error?: Error) => void): void;
  remove(queue: string, position: number): void;
  close(): void;
}

/**
 * One SQLite file in `directory`. `synchronous=NORMAL` with a write-ahead log: what was written survives the end of the
 * process by any means; a power failure may take the last moments.
 *
 * @throws TransportError when another process uses the directory, or it cannot be written.
 */
export function openStore(directory: string): Store {
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
  const statements = {
    createQueue: database.prepare('INSERT INTO queue (name) VALUES (?) ON CONFLICT DO NOTHING'),
    append: database.prepare('INSERT INTO message SELECT id, ?, ?, ? FROM queue WHERE name = ?'),
    remove: database.prepare(
      'DELETE FROM message WHERE position = ? AND queue = (SELECT id FROM queue WHERE name = ?)',
    ),
  };
  let changes: (() => void)[] = [];
  let callbacks: ((error?: Error) => void)[] = [];
  let scheduled: NodeJS.Immediate | undefined;

  function schedule(change: () => void): void {
    changes.push(change);
    scheduled ??= setImmediate(commit);
  }

  function commit(): void {
    clearImmediate(scheduled);
    scheduled = undefined;
    const [batch, waiting] = [changes, callbacks];
    changes = [];
    callbacks = [];
    let failure: Error | undefined;
    try {
      database.exec('BEGIN');
      for (const change of batch) change();
      database.exec('COMMIT');
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      if (database.isTransaction) database.exec('ROLLBACK');
    }
    for (const written of waiting) written(failure);
  }

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
    createQueue: (name) => schedule(() => void statements.createQueue.run(name)),
    append(queue, { position, payload, expiresAt = null }, written) {
      const peer = peerBeingServed();
      callbacks.push(peer ? (error) => servePeer(peer, () => written(error)) : written);
      schedule(() => {
        // Its row may have been undone together with the messages that it was written with.
        statements.createQueue.run(queue);
        const { changes: stored } = statements.append.run(position, payload, expiresAt, queue);
        if (stored !== 1) throw new Error(`a message for ${queue} was not stored`);
      });
    },
    remove: (queue, position) => schedule(() => void statements.remove.run(position, queue)),
    close() {
      commit();
      database.close();
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

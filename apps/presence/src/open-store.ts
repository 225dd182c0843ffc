import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TransportError, type Clock, type Log } from '@rollcall/core';
import type { PresenceConfig } from './config.ts';
import type { PresenceStore } from './store/presence-store.ts';
import { PostgresStore } from './store/postgres/postgres-store.ts';
import { SqliteStore } from './store/sqlite/sqlite-store.ts';

/** Opens the database that the options name. @throws TransportError where it cannot be had. */
export async function openStore(
  { values }: PresenceConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<PresenceStore> {
  const { directory, database: url, announceIntervalMs } = values;
  try {
    return url === undefined
      ? openSqlite(directory, clock, announceIntervalMs)
      : await PostgresStore.open({ url, clock, log, announceIntervalMs });
  } catch (error) {
    // The URL may hold a password, and is not told.
    const where =
      url === undefined ? `the database in ${directory}` : 'the database of ROLLCALL_PRESENCE_DATABASE';
    throw new TransportError(`${where} cannot be opened: ${reasonOf(error)}`, { cause: error });
  }
}

/** Where several addresses were tried, each failed for a reason of its own. */
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { message, cause } = first as { readonly message?: string; readonly cause?: unknown };
  return message === undefined || message === ''
    ? cause === undefined
      ? String(first)
      : reasonOf(cause)
    : message;
}

function openSqlite(directory: string, clock: Clock, announceIntervalMs: number): PresenceStore {
  // What is known of devices is for the owner of the process.
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = lockOf(join(directory, 'presence.lock'));
  try {
    const store = new SqliteStore({ file: join(directory, 'presence.db'), clock, announceIntervalMs });
    return unlocking(store, lock);
  } catch (error) {
    lock.close();
    throw error;
  }
}

/**
 * One process writes to the file, as its order of changes needs. The lock is one of the operating system, which ends with the
 * process, however that ends.
 */
function lockOf(file: string): DatabaseSync {
  const lock = new DatabaseSync(file);
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new Error('another presence service uses it', { cause: error });
  }
}

function unlocking(store: SqliteStore, lock: DatabaseSync): PresenceStore {
  const close = store.close.bind(store);
  return Object.assign(store, {
    async close() {
      await close();
      lock.close();
    },
  });
}

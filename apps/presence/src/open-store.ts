import { join } from 'node:path';
import { TransportError, type Clock, type Log } from '@rollcall/core';
import { lockFile, makeOwnDirectory, makeOwnFile, type FileLock } from '@rollcall/runtime';
import type { PresenceConfig } from './config.ts';
import type { PresenceStore } from './store/presence-store.ts';
import { SqliteStore } from './store/sqlite/sqlite-store.ts';

/** Opens the database that the options name. @throws TransportError where it cannot be had. */
export async function openStore(
  { values }: PresenceConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<PresenceStore> {
  const { directory, database: url, announceIntervalMs } = values;
  try {
    if (url === undefined) return openSqlite(directory, clock, announceIntervalMs);
    // The client of PostgreSQL is loaded by those who use it alone.
    const { PostgresStore } = await import('./store/postgres/postgres-store.ts');
    return await PostgresStore.open({ url, clock, log, announceIntervalMs });
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
  makeOwnDirectory(directory);
  const lock = lockFile(join(directory, 'presence.lock'), false);
  // One process writes to the file, as its order of changes needs.
  if (!lock) throw new Error('another presence service uses it');
  try {
    const file = join(directory, 'presence.db');
    makeOwnFile(file);
    return unlocking(new SqliteStore({ file, clock, announceIntervalMs }), lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function unlocking(store: SqliteStore, lock: FileLock): PresenceStore {
  const close = store.close.bind(store);
  return Object.assign(store, {
    async close() {
      await close();
      lock.release();
    },
  });
}

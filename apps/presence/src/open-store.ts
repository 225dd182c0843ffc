import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TransportError, type Clock } from '@rollcall/core';
import type { PresenceConfig } from './config.ts';
import type { PresenceStore } from './store/presence-store.ts';
import { SqliteStore } from './store/sqlite/sqlite-store.ts';

/** Opens the database that the options name. @throws TransportError where it cannot be had. */
export async function openStore({ values }: PresenceConfig, clock: Clock): Promise<PresenceStore> {
  const { directory, announceIntervalMs } = values;
  try {
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
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TransportError(`the database in ${directory} cannot be opened: ${why}`, { cause: error });
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

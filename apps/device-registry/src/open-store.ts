import { join } from 'node:path';
import { TransportError } from '@rollcall/core';
import { lockFile, makeOwnDirectory, makeOwnFile, type FileLock } from '@rollcall/runtime';
import type { RegistryConfig } from './config.ts';
import type { RegistryStore, RegistryStoreOptions } from './store/registry-store.ts';
import { SqliteStore } from './store/sqlite/sqlite-store.ts';

/** Opens the database that the options name. @throws TransportError where it cannot be had. */
export async function openStore({ values }: RegistryConfig): Promise<RegistryStore> {
  const { directory } = values;
  try {
    return openSqlite(directory, values);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TransportError(`the database in ${directory} cannot be opened: ${reason}`, { cause: error });
  }
}

function openSqlite(directory: string, { maxDevicesPerTenant }: RegistryStoreOptions): RegistryStore {
  // Secrets of devices are for the owner of the process.
  makeOwnDirectory(directory);
  const lock = lockFile(join(directory, 'registry.lock'), false);
  // Another process would not be told of what this one changes.
  if (!lock) throw new Error('another device registry uses it');
  try {
    const file = join(directory, 'registry.db');
    makeOwnFile(file);
    return unlocking(new SqliteStore({ file, maxDevicesPerTenant }), lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function unlocking(store: SqliteStore, lock: FileLock): RegistryStore {
  const close = store.close.bind(store);
  return Object.assign(store, {
    async close() {
      await close();
      lock.release();
    },
  });
}

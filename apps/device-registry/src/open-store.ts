import { join } from 'node:path';
import { TransportError, type Clock, type Log } from '@rollcall/core';
import { lockFile, makeOwnDirectory, makeOwnFile, type FileLock } from '@rollcall/runtime';
import type { RegistryConfig } from './config.ts';
import type { RegistryStore, RegistryStoreOptions } from './store/registry-store.ts';
import { SqliteStore } from './store/sqlite/sqlite-store.ts';

/** Opens the database that the options name. @throws TransportError where it cannot be had. */
export async function openStore(
  { values }: Pick<RegistryConfig, 'values'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<RegistryStore> {
  const { directory, database: url, maxDevicesPerTenant } = values;
  try {
    if (url === undefined) return openSqlite(directory, values);
    // The client of PostgreSQL is loaded by those who use it alone.
    const { PostgresStore } = await import('./store/postgres/postgres-store.ts');
    return await PostgresStore.open({ url, clock, log, maxDevicesPerTenant });
  } catch (error) {
    // The URL may hold a password, and is not told.
    const where =
      url === undefined ? `the database in ${directory}` : 'the database of ROLLCALL_REGISTRY_DATABASE';
    throw new TransportError(`${where} cannot be opened: ${reasonOf(error)}`, { cause: error });
  }
}

/** Where several addresses were tried, each failed for a reason of its own. */
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { message, cause } = first as { readonly message?: string; readonly cause?: unknown };
  if (message !== undefined && message !== '') return message;
  return cause === undefined ? String(first) : reasonOf(cause);
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

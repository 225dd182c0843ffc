import { TransportError } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import { reasonOf } from '@rollcall/runtime';
import { openOwnDatabase } from '@rollcall/runtime/sqlite';
import type { RegistryConfig } from './config.ts';
import { outages, logOutages } from './store/log-outages.ts';
import type { RegistryStore, RegistryStoreOptions } from './store/registry-store.ts';
import { SqliteStore } from './store/sqlite/sqlite-store.ts';

/** Opens the database that the options name. @throws TransportError if it cannot be opened. */
export async function openStore(
  { values }: Pick<RegistryConfig, 'values'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<RegistryStore> {
  const { directory, database: url, maxDevicesPerTenant, host } = values;
  const facts: RegistryStoreOptions = {
    maxDevicesPerTenant,
    ...(host !== undefined && { keepChanges: clock }),
    onWriteTrouble: logOutages(outages.ofWrites(log), clock),
  };
  try {
    if (url === undefined)
      // Another process would not notice the changes of this one.
      return openOwnDatabase(
        { directory, name: 'registry', program: 'device registry' },
        (file) => new SqliteStore({ file, ...facts }),
      );
    // The client of PostgreSQL is loaded only if it is used.
    const { PostgresStore } = await import('./store/postgres/postgres-store.ts');
    return await PostgresStore.open({ url, clock, log, ...facts });
  } catch (error) {
    // The URL may contain a password, so it is not reported.
    const where =
      url === undefined ? `the database in ${directory}` : 'the database of ROLLCALL_REGISTRY_DATABASE';
    throw new TransportError(`${where} cannot be opened: ${reasonOf(error)}`, { cause: error });
  }
}

import { TransportError } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import { reasonOf } from '@rollcall/runtime';
import { openOwnDatabase } from '@rollcall/runtime/sqlite';
import type { PresenceConfig } from './config.ts';
import type { PresenceStore } from './store/presence-store.ts';
import { SqliteStore } from './store/sqlite/sqlite-store.ts';

/** Opens the database that the options name. @throws TransportError if it cannot be opened. */
export async function openStore(
  { values }: PresenceConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<PresenceStore> {
  const { directory, database: url, announceIntervalMs } = values;
  try {
    if (url === undefined)
      // One process writes to the file, as its order of changes needs.
      return openOwnDatabase(
        { directory, name: 'presence', program: 'presence service' },
        (file) => new SqliteStore({ file, clock, announceIntervalMs }),
      );
    // The client of PostgreSQL is loaded only if it is used.
    const { PostgresStore } = await import('./store/postgres/postgres-store.ts');
    return await PostgresStore.open({ url, clock, log, announceIntervalMs });
  } catch (error) {
    // The URL may contain a password, so it is not reported.
    const where =
      url === undefined ? `the database in ${directory}` : 'the database of ROLLCALL_PRESENCE_DATABASE';
    throw new TransportError(`${where} cannot be opened: ${reasonOf(error)}`, { cause: error });
  }
}

import { randomUUID } from 'node:crypto';
import type { Clock, Log } from '@rollcall/core/environment';
import { migrate, openQueries, Wakes, type Client, type Queries } from '@rollcall/postgres';
import { looksAtMany, type DeviceSearchQuery, type SearchQuery } from '../registry-search.ts';
import type { HeardChange, RegistryStore, RegistryStoreOptions } from '../registry-store.ts';
import type { RegistryWrite, StoredChange, WriteOutcome } from '../registry-write.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { Written } from '../written.ts';
import { WriteHealth } from '../write-health.ts';
import { applyWrite } from './apply-write.ts';
import { isImportNoted } from './import-note.ts';
import { keepChanges, PostgresOutbox } from './postgres-outbox.ts';
import {
  readCredentialsBy,
  readCredentialsOf,
  readRegistration,
  readTenant,
  readTenantByName,
  readTenantsByCa,
} from './reads.ts';
import { steps } from './schema.ts';
import { searchDevices, searchTenants } from './search.ts';
import { SearchSemaphore } from './search-semaphore.ts';
import { WriteQueue } from './write-queue.ts';

export interface PostgresStoreOptions extends RegistryStoreOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** `registry` in ASCII, cut to 31 bits. */
const writersLock = 0x72_65_67_69;
/** The next number. */
const importersLock = writersLock + 1;
/** How many searches run at a time. They may take seconds, and adapters are answered over the other connections. */
const searchesAtATime = 2;
const maxWaitingSearches = 100;
const channel = 'rollcall_registry';

/** What one replica sends to the others about a change. */
interface ChangeMessage {
  readonly by: string;
  readonly change: StoredChange;
}

/**
 * A store in PostgreSQL, for several replicas. All writers take turns by an advisory lock: nothing else is written between what one
 * reads and what it writes, and listeners get changes in the order of commits.
 */
export class PostgresStore implements RegistryStore {
  readonly #queries: Queries;
  readonly #log: Log;
  readonly #writes: WriteQueue;
  readonly #wakes: Wakes;
  readonly #trouble: WriteHealth;
  readonly #looks = new SearchSemaphore(searchesAtATime, maxWaitingSearches);
  readonly #name = randomUUID();
  readonly #keepAt: () => number | undefined;
  readonly outbox: PostgresOutbox | undefined;
  readonly #listeners = new Set<(heard: HeardChange) => void>();

  private constructor(options: PostgresStoreOptions) {
    const { url, clock, log, maxDevicesPerTenant, keepChanges: keepBy } = options;
    this.#log = log;
    this.#trouble = new WriteHealth(options.onWriteTrouble);
    this.#queries = openQueries({
      ...{ url, writersLock },
      onIdleError: (error) => log.debug({ cause: error.message }, 'a connection to the database was lost'),
      unavailable: (message, cause) => new StoreUnavailable(message, cause),
    });
    this.#writes = new WriteQueue({
      queries: this.#queries,
      apply: (client, write) => applyWrite(client, write, maxDevicesPerTenant),
      tell: (client, written) => this.#tell(client, written),
    });
    this.#keepAt = () => keepBy?.now();
    this.outbox = keepBy && new PostgresOutbox({ queries: this.#queries, clock, name: this.#name });
    this.#wakes = new Wakes({ url, clock, channel, wake: (payload) => this.#hear(payload) });
  }

  /** @throws StoreUnavailable if the database cannot be reached; Error if it is of a later version. */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const store = new PostgresStore(options);
    try {
      await migrate(store.#queries, { table: 'registry_version', steps });
      await store.#wakes.open();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  tenant(id: string) {
    return readTenant(this.#queries, id);
  }

  tenantByName(idOrAlias: string) {
    return readTenantByName(this.#queries, idOrAlias);
  }

  tenantsByTrustedCa(subjectDn: string) {
    return readTenantsByCa(this.#queries, subjectDn);
  }

  registration(tenant: string, device: string, gateway?: string) {
    return readRegistration(this.#queries, tenant, device, gateway);
  }

  credentialsBy(tenant: string, type: string, authId: string) {
    return readCredentialsBy(this.#queries, tenant, type, authId);
  }

  credentialsOf(tenant: string, device: string) {
    return readCredentialsOf(this.#queries, tenant, device);
  }

  isImportUnderWay() {
    return isImportNoted(this.#queries);
  }

  importAlone<Result>(work: () => Promise<Result>): Promise<Result> {
    const waits = (): void => this.#log.info({}, 'another replica imports a registry file: waits for that');
    return this.#queries.alone({ lock: importersLock, waits }, work);
  }

  searchTenants(query: SearchQuery) {
    return this.#gated(query, () => searchTenants(this.#queries, query));
  }

  searchDevices(tenant: string, query: DeviceSearchQuery) {
    return this.#gated(query, () => searchDevices(this.#queries, tenant, query));
  }

  get writeTrouble(): string | undefined {
    return this.#trouble.cause;
  }

  async write(write: RegistryWrite): Promise<WriteOutcome> {
    const { outcome, changes } = await this.#trouble.watch(() => this.#writes.add(write));
    for (const change of changes) this.#tellListeners({ change, isOurs: true });
    return outcome;
  }

  onChange(listener: (heard: HeardChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#writes.close();
    await this.#wakes.close();
    await this.#queries.close();
  }

  #gated<Result>(query: SearchQuery, search: () => Promise<Result>): Promise<Result> {
    return looksAtMany(query) ? this.#looks.pass(search) : search();
  }

  /** The other replicas get this once the transaction is committed. */
  async #tell(client: Client, written: readonly Written[]): Promise<void> {
    const keepAt = this.#keepAt();
    const changes = written.flatMap((each) => each.changes);
    if (keepAt !== undefined) await keepChanges(client, changes, keepAt);
    const payload = changes.map((change) =>
      JSON.stringify({ by: this.#name, change } satisfies ChangeMessage),
    );
    if (payload.length === 0) return;
    await client.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [
      channel,
      payload,
    ]);
  }

  #hear(payload = ''): void {
    if (payload === '') return;
    const { by, change } = JSON.parse(payload) as ChangeMessage;
    if (by !== this.#name) this.#tellListeners({ change, isOurs: false });
  }

  #tellListeners(heard: HeardChange): void {
    for (const listener of this.#listeners) listener(heard);
  }
}

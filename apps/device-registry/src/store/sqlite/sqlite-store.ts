import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, migrate, openFilesOf, whyOutOfPlace, type OpenFiles } from '@rollcall/runtime/sqlite';
import {
  looksAtMany,
  type DeviceSearchQuery,
  type SearchPage,
  type SearchQuery,
} from '../registry-search.ts';
import type {
  HeardChange,
  RegistryStore,
  RegistryStoreOptions,
  StoredDevice,
  StoredTenant,
} from '../registry-store.ts';
import type { RegistryWrite, WriteOutcome } from '../registry-write.ts';
import { WriteHealth } from '../write-health.ts';
import { WorkerClient } from './worker-client.ts';
import { asUnavailable, openDatabase } from './open-database.ts';
import { Reads } from './reads.ts';
import { KeptChangeReads } from './kept-changes.ts';
import { steps } from './schema.ts';
import { SqliteOutbox } from './sqlite-outbox.ts';
import type { SearchAnswer, SearchQuestion } from './search-thread.ts';
import { Search } from './search.ts';
import type { WriteThreadData } from './write-thread.ts';
import { importNote } from './writes.ts';
import { WriteTasks, type Performed, type WriteTask } from './write-tasks.ts';

export interface SqliteStoreOptions extends RegistryStoreOptions {
  /** Path of the database, or `:memory:`. */
  readonly file: string;
}

const maxWaitingWrites = 10_000;
const maxWaitingSearches = 100;

/** Writes and searches, which take longer than a look-up. If the database is a file, they run in threads. */
interface SlowParts {
  perform(task: WriteTask): Promise<Performed>;
  search(question: SearchQuestion): Promise<SearchAnswer>;
  close(): Promise<void>;
}

/**
 * A store in one SQLite file, for one process. Look-ups use a read-only connection in this thread. One worker thread writes and waits
 * for the disk, and another one searches.
 */
export class SqliteStore implements RegistryStore {
  readonly #database: DatabaseSync;
  readonly #reads: Reads;
  readonly #slow: SlowParts;
  readonly #openFiles: OpenFiles;
  readonly #trouble: WriteHealth;
  readonly #keepChanges: SqliteStoreOptions['keepChanges'];
  readonly outbox: SqliteOutbox | undefined;
  readonly #listeners = new Set<(heard: HeardChange) => void>();

  /** @throws Error if the file is not a database of the registry, or of a later version. */
  constructor({ file, maxDevicesPerTenant, keepChanges, onWriteTrouble }: SqliteStoreOptions) {
    this.#trouble = new WriteHealth(onWriteTrouble);
    this.#keepChanges = keepChanges;
    this.#database = openDatabase(file);
    try {
      migrate(this.#database, steps);
      this.#reads = new Reads(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#openFiles = file === ':memory:' ? [] : openFilesOf(file);
    // A database in memory has only this connection.
    this.#slow =
      file === ':memory:'
        ? atOnce(this.#database, maxDevicesPerTenant)
        : inThreads({ file, maxDevicesPerTenant, openFiles: this.#openFiles });
    this.outbox =
      keepChanges &&
      new SqliteOutbox({
        reads: new KeptChangeReads(this.#database),
        perform: (task) => this.#slow.perform(task),
        guard: (work) => this.#guard(work),
      });
  }

  async tenant(id: string) {
    return this.#guard(() => this.#reads.tenant(id));
  }

  async tenantByName(idOrAlias: string) {
    return this.#guard(() => this.#reads.tenantByName(idOrAlias));
  }

  async tenantsByTrustedCa(subjectDn: string) {
    return this.#guard(() => this.#reads.tenantsByTrustedCa(subjectDn));
  }

  async registration(tenant: string, device: string, gateway?: string) {
    return this.#guard(() => this.#reads.registration(tenant, device, gateway));
  }

  async credentialsBy(tenant: string, type: string, authId: string) {
    return this.#guard(() => this.#reads.credentialsBy(tenant, type, authId));
  }

  async credentialsOf(tenant: string, device: string) {
    return this.#guard(() => this.#reads.credentialsOf(tenant, device));
  }

  async isImportUnderWay(): Promise<boolean> {
    return this.#guard(() => this.#reads.hasNote(importNote));
  }

  /** There is one process. */
  importAlone<Result>(work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  async searchTenants(query: SearchQuery): Promise<SearchPage<StoredTenant>> {
    return this.#slow.search({ of: 'tenants', query });
  }

  async searchDevices(tenant: string, query: DeviceSearchQuery): Promise<SearchPage<StoredDevice>> {
    return (await this.#slow.search({ of: 'devices', tenant, query })) as SearchPage<StoredDevice>;
  }

  get writeTrouble(): string | undefined {
    return this.#trouble.cause ?? whyOutOfPlace(this.#openFiles);
  }

  async write(write: RegistryWrite): Promise<WriteOutcome> {
    const keepAt = this.#keepChanges?.now();
    const task: WriteTask = { kind: 'write', write, ...(keepAt !== undefined && { keepAt }) };
    const { outcome, changes } = await this.#trouble.watch(() => this.#slow.perform(task));
    for (const change of changes) for (const listener of this.#listeners) listener({ change, isOurs: true });
    return outcome;
  }

  onChange(listener: (heard: HeardChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#slow.close();
    if (this.#database.isOpen) this.#database.close();
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw asUnavailable(this.#database, error);
    }
  }
}

function inThreads(data: WriteThreadData): SlowParts {
  const writer = new WorkerClient<WriteTask, Performed>({
    name: 'write-thread',
    workerData: data,
    maxWaiting: maxWaitingWrites,
  });
  const searcher = (): WorkerClient<SearchQuestion, SearchAnswer> =>
    new WorkerClient({ name: 'search-thread', workerData: data.file, maxWaiting: maxWaitingSearches });
  // Plain pages do not wait for searches that read every device.
  const [pages, looks] = [searcher(), searcher()];
  return {
    perform: (task) => writer.ask(task),
    search: (question) => (looksAtMany(question.query) ? looks : pages).ask(question),
    close: async () => void (await Promise.all([writer.close(), pages.close(), looks.close()])),
  };
}

function atOnce(database: DatabaseSync, maxDevicesPerTenant: number): SlowParts {
  const tasks = new WriteTasks(database, maxDevicesPerTenant);
  const search = new Search(database, () => performance.now());
  const guarded = async <Result>(work: () => Result): Promise<Result> => {
    try {
      return work();
    } catch (error) {
      throw asUnavailable(database, error);
    }
  };
  return {
    perform: (task) => guarded(() => inTransaction(database, 'BEGIN IMMEDIATE', () => tasks.perform(task))),
    search: (question) =>
      guarded(() =>
        question.of === 'tenants'
          ? search.tenants(question.query)
          : search.devices(question.tenant, question.query),
      ),
    close: async () => {},
  };
}

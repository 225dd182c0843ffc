import type { Client, Queries } from '@rollcall/postgres';
import type { RegistryWrite } from '../registry-write.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { Written } from '../written.ts';

interface Waiting {
  readonly write: RegistryWrite;
  resolve(written: Written): void;
  reject(error: unknown): void;
}

export interface WriteQueueParts {
  readonly queries: Pick<Queries, 'exclusively' | 'patiently'>;
  apply(client: Client, write: RegistryWrite): Promise<Written>;
  /** Notifies the other replicas, within the transaction. */
  tell(client: Client, written: readonly Written[]): Promise<void>;
}

const maxWaiting = 10_000;
/** How many writes go into one transaction, while the writers of other replicas wait. */
const maxTogether = 100;

/** Writes that wait for their turn go into one transaction together. If it fails, each gets a transaction of its own. */
export class WriteQueue {
  readonly #parts: WriteQueueParts;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: WriteQueueParts) {
    this.#parts = parts;
  }

  /** @throws StoreUnavailable */
  add(write: RegistryWrite): Promise<Written> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailable('the database is closed'));
    if (this.#waiting.length >= maxWaiting)
      return Promise.reject(new StoreUnavailable('too many wait for the database'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves once all earlier writes are done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Writes of the same turn of the event loop go together.
    await Promise.resolve();
    for (let all = this.#next(); all.length > 0; all = this.#next()) await this.#writeAll(all);
    this.#running = undefined;
  }

  /** A write that may take long gets a transaction of its own. */
  #next(): readonly Waiting[] {
    const isLong = ({ write }: Waiting): boolean => write.kind === 'delete-devices';
    const end = this.#waiting.slice(0, maxTogether).findIndex(isLong);
    return this.#waiting.splice(0, end === -1 ? maxTogether : Math.max(1, end));
  }

  async #writeAll(all: readonly Waiting[]): Promise<void> {
    try {
      const written = await this.#inTransaction(all.map(({ write }) => write));
      for (const [index, { resolve }] of all.entries()) resolve(written[index] as Written);
    } catch (error) {
      // One of them cannot be written, and must not make the others fail.
      if (all.length > 1 && !(error instanceof StoreUnavailable))
        for (const each of all) await this.#writeAll([each]);
      else for (const { reject } of all) reject(error);
    }
  }

  async #inTransaction(writes: readonly RegistryWrite[]): Promise<readonly Written[]> {
    const { queries, apply, tell } = this.#parts;
    const work = async (client: Client): Promise<readonly Written[]> => {
      const written: Written[] = [];
      for (const write of writes) written.push(await apply(client, write));
      await tell(client, written);
      return written;
    };
    return writes[0]?.kind === 'delete-devices' ? queries.patiently(work) : queries.exclusively(work);
  }
}

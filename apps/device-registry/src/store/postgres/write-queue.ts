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
  /** Tells the other replicas, in the transaction. */
  tell(client: Client, written: readonly Written[]): Promise<void>;
}

const maxWaiting = 10_000;
/** The writers of other replicas wait meanwhile. */
const maxTogether = 100;

/** Writes that wait for their turn go into one transaction together. Each is done whole, or not at all, whatever becomes of the others. */
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

  /** What was asked before is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // What is asked in the same turn goes together.
    await Promise.resolve();
    for (let all = this.#next(); all.length > 0; all = this.#next()) await this.#writeAll(all);
    this.#running = undefined;
  }

  /** One that may take long has a transaction of its own. */
  #next(): readonly Waiting[] {
    const isLong = ({ write }: Waiting): boolean => write.kind === 'delete-devices';
    const end = this.#waiting.slice(0, maxTogether).findIndex(isLong);
    return this.#waiting.splice(0, end === -1 ? maxTogether : Math.max(1, end));
  }

  async #writeAll(all: readonly Waiting[]): Promise<void> {
    const { queries } = this.#parts;
    const isLong = all[0]?.write.kind === 'delete-devices';
    const results: PromiseSettledResult<Written>[] = [];
    const work = async (client: Client): Promise<void> => {
      for (const each of all) results.push(await this.#writeOne(client, each.write));
      const written = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      await this.#parts.tell(client, written);
    };
    try {
      await (isLong ? queries.patiently(work) : queries.exclusively(work));
      for (const [index, { resolve, reject }] of all.entries()) {
        const result = results[index];
        if (result?.status === 'fulfilled') resolve(result.value);
        else reject(result?.reason);
      }
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  }

  async #writeOne(client: Client, write: RegistryWrite): Promise<PromiseSettledResult<Written>> {
    await client.query('SAVEPOINT one');
    try {
      const value = await this.#parts.apply(client, write);
      await client.query('RELEASE SAVEPOINT one');
      return { status: 'fulfilled', value };
    } catch (reason) {
      // Where the connection is lost, this fails too, and all is given up.
      await client.query('ROLLBACK TO SAVEPOINT one');
      return { status: 'rejected', reason };
    }
  }
}

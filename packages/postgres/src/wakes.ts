import pg from 'pg';
import { later, type Clock } from '@rollcall/core/environment';

export interface WakesOptions {
  readonly url: string;
  readonly clock: Clock;
  /** As it is named in `NOTIFY`. */
  readonly channel: string;
  /** What the server calls the session, 63 bytes at most; it is listed for as long as this process, or its host, is not known to be gone. */
  readonly session?: string;
  /** @param told with it; absent where something may have been told that was not heard. */
  wake(told?: string): void;
}

/** Without a connection nothing is heard: so often another one is tried, and it is looked by the clock. */
const againInMs = 1_000;

/**
 * Hears when any replica has committed changes. A connection that is lost is made again; until then, and once it is there, it wakes
 * by itself.
 */
export class Wakes {
  readonly #options: WakesOptions;
  #client: pg.Client | undefined;
  #disarm = (): void => {};
  #isClosed = false;

  constructor(options: WakesOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { url, channel, session, wake } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      ...(session !== undefined && { application_name: session }),
    });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', ({ payload }) => wake(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      this.#client = client;
      // What was committed meanwhile was not heard.
      wake();
    } catch {
      this.#again();
    }
    if (this.#isClosed) await client.end().catch(() => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disarm();
    await this.#client?.end().catch(() => {});
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#again();
  }

  #again(): void {
    if (this.#isClosed) return;
    this.#disarm();
    const { clock, wake } = this.#options;
    this.#disarm = clock.at(later(clock.monotonic(), againInMs), () => {
      wake();
      void this.open();
    });
  }
}

import pg from 'pg';
import { later, type Clock } from '@rollcall/core';

/** Named so in `NOTIFY`. */
export const channel = 'rollcall_presence';

/** Without a connection nothing is heard: so often another one is tried, and it is looked by the clock. */
const againInMs = 1_000;

/**
 * Hears when any replica has committed changes. A connection that is lost is made again; until then, and once it is there, it wakes
 * by itself.
 */
export class Wakes {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #wake: () => void;
  #client: pg.Client | undefined;
  #disarm = (): void => {};
  #isClosed = false;

  constructor(url: string, clock: Clock, wake: () => void) {
    this.#url = url;
    this.#clock = clock;
    this.#wake = wake;
  }

  async open(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', () => this.#wake());
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      this.#client = client;
      // What was committed meanwhile was not heard.
      this.#wake();
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
    this.#disarm = this.#clock.at(later(this.#clock.monotonic(), againInMs), () => {
      this.#wake();
      void this.open();
    });
  }
}

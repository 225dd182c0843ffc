import pg from 'pg';
import { later, type Clock } from '@rollcall/core/environment';

export interface WakesOptions {
  readonly url: string;
  readonly clock: Clock;
  /** The channel of `NOTIFY`. */
  readonly channel: string;
  /** The name of the session, 63 bytes at most. The server lists it until it notices that this process or its host is gone. */
  readonly session?: string;
  /** @param told the payload of the notification; absent: notifications may have been missed. */
  wake(told?: string): void;
}

/** How often, without a connection, to wake the listener and to try another connection. */
const againInMs = 1_000;

/**
 * Wakes its listener when any replica has committed changes (`LISTEN`). A lost connection is made again. Until then, and once it is
 * there, the listener is woken anyway, as notifications may have been missed.
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
      // Notifications of commits in between were missed.
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

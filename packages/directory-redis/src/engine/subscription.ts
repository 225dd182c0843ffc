import type { Redis } from 'ioredis';
import type { EngineListener } from './engine.ts';

/** How long after one that ended the next connection is dialled. */
const againAfterMs = 200;

/** One connection that is subscribed to one channel, until it is closed: another takes the place of one that ended. */
export class Subscription {
  readonly #dial: () => Redis;
  readonly #listener: Pick<EngineListener, 'subscribed' | 'published'>;
  #channel: string;
  #client: Redis;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    dial: () => Redis,
    channel: string,
    listener: Pick<EngineListener, 'subscribed' | 'published'>,
  ) {
    this.#dial = dial;
    this.#channel = channel;
    this.#listener = listener;
    this.#client = this.#connect();
  }

  /** Who is subscribed and hears nothing would not notice that the connection is gone. */
  ping(): void {
    if (this.#client.status === 'ready') this.#client.ping().catch(() => undefined);
  }

  listenTo(channel: string): void {
    this.#channel = channel;
    this.#client.disconnect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#client.disconnect();
  }

  #connect(): Redis {
    const client = this.#dial();
    // The next connection may go to another server.
    client.options.retryStrategy = () => null;
    client.on('error', () => undefined);
    client.on('message', (channel: string, message: string) => {
      if (channel === this.#channel) this.#listener.published(message);
    });
    client.once('end', () => this.#ended());
    client.on('ready', () => void this.#subscribe(client));
    client.connect().catch(() => undefined);
    return client;
  }

  async #subscribe(client: Redis): Promise<void> {
    try {
      await client.subscribe(this.#channel);
      if (!this.#closed) this.#listener.subscribed();
    } catch {
      client.disconnect();
    }
  }

  #ended(): void {
    if (this.#closed) return;
    this.#again = setTimeout(() => (this.#client = this.#connect()), againAfterMs);
  }
}

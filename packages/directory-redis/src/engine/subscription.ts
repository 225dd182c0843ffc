import type { Redis } from 'ioredis';
import { isNotPermitted, type EngineListener } from './engine.ts';

/** How long after the end of a connection the next one is opened. */
const againAfterMs = 200;

/** One connection that is subscribed to one channel, until it is closed. If the connection ends, another one is opened. */
export class Subscription {
  readonly #dial: () => Redis;
  readonly #listener: Pick<EngineListener, 'subscribed' | 'unsubscribed' | 'published'>;
  #channel: string;
  #client: Redis;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    dial: () => Redis,
    channel: string,
    listener: Pick<EngineListener, 'subscribed' | 'unsubscribed' | 'published'>,
  ) {
    this.#dial = dial;
    this.#channel = channel;
    this.#listener = listener;
    this.#client = this.#connect();
  }

  /** Without pings, a subscriber that gets no messages would not notice that the connection is gone. */
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
    } catch (error) {
      if (isNotPermitted(error)) this.#listener.unsubscribed?.(error.message);
      client.disconnect();
    }
  }

  #ended(): void {
    if (this.#closed) return;
    this.#listener.unsubscribed?.();
    this.#again = setTimeout(() => (this.#client = this.#connect()), againAfterMs);
  }
}

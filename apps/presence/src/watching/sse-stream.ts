import { later, type Clock } from '@rollcall/core/environment';
import type { ServerResponse } from 'node:http';

/** How long a reader may take to read what was sent before it is cut. */
const readWithinMs = 10_000;

/**
 * The answer to one reader. It holds one piece of text at a time: the next is asked for once the reader has room for it.
 */
export class SseStream {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  #cutBecause: string | undefined;

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
    response.once('close', () => this.#ended.abort());
    // The reader left while it waited for its turn.
    if (response.destroyed) this.#ended.abort();
    // Long silence between two changes is normal.
    response.socket?.setTimeout(0);
    response.socket?.setNoDelay(true);
  }

  /** Aborts when the reader is gone, was cut, or the stream was ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Why the reader was cut; `undefined`: it was not. */
  get cutBecause(): string | undefined {
    return this.#cutBecause;
  }

  /** Resolves once there is room for more, or the stream has ended. A reader that leaves none for too long is cut. */
  async write(text: string): Promise<void> {
    const response = this.#response;
    if (this.ended.aborted || response.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        disarm();
        response.off('drain', done);
        this.ended.removeEventListener('abort', done);
        resolve();
      };
      const disarm = this.#clock.at(later(this.#clock.monotonic(), readWithinMs), () => this.cut('slow'));
      response.once('drain', done);
      this.ended.addEventListener('abort', done, { once: true });
    });
  }

  cut(why: string): void {
    if (this.ended.aborted) return;
    this.#cutBecause = why;
    this.#response.destroy();
    this.#ended.abort();
  }

  /** The reader comes again by itself, with the last id that it has. */
  end(): void {
    if (this.ended.aborted) return;
    this.#response.end();
    this.#ended.abort();
  }
}

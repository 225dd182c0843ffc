import { later, type Clock } from '@rollcall/core/environment';
import type { AsOf, Device } from './answers.ts';
import { SseReader, type SseEvent } from './sse-reader.ts';

/** How the stream of a tenant is, for people to see. */
export type StreamState =
  | { readonly name: 'connecting' }
  /** `snapshot`: the devices are being read; they are not complete yet. */
  | { readonly name: 'snapshot' }
  | { readonly name: 'live' }
  /** It is gone since then. It is tried again. */
  | { readonly name: 'lost'; readonly sinceMs: number; readonly why: string }
  /** It will not be tried again: the service refused it. */
  | { readonly name: 'refused'; readonly status: number };

export interface StreamListener {
  state(state: StreamState): void;
  beginSnapshot(): void;
  devices(devices: readonly Device[]): void;
  endSnapshot(): void;
  asOf(asOf: AsOf): void;
  /** After a loss: `gapless` where the changes since then came. */
  resumed(how: 'gapless' | 'anew'): void;
}

export interface StreamParts {
  readonly clock: Clock;
  open(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<StreamAnswer>;
}

/** What the page needs of a `Response`. */
export interface StreamAnswer {
  readonly status: number;
  readonly pieces: AsyncIterable<string>;
}

/** Heartbeats come after 15 s of silence by default; a stream that is silent for much longer is dead. */
const silentForMs = 45_000;
const firstPauseMs = 1_000;
const longestPauseMs = 15_000;

/**
 * Reads the stream of a tenant until that is ended. Where it breaks, it is opened again behind the last event that was read.
 *
 * @returns ends it.
 */
export function followTenant(parts: StreamParts, listener: StreamListener): () => void {
  const follower = new Follower(parts, listener);
  void follower.run();
  return () => follower.stop();
}

class Follower {
  readonly #parts: StreamParts;
  readonly #listener: StreamListener;
  readonly #stopped = new AbortController();
  #lastEventId: string | undefined;
  #lostAtMs: number | undefined;
  #pauseMs = firstPauseMs;

  constructor(parts: StreamParts, listener: StreamListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async run(): Promise<void> {
    this.#listener.state({ name: 'connecting' });
    while (!this.#isStopped) {
      const why = await this.#readOnce();
      if (why === undefined || this.#isStopped) return;
      this.#lostAtMs ??= this.#parts.clock.now();
      this.#listener.state({ name: 'lost', sinceMs: this.#lostAtMs, why });
      await this.#pause();
    }
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** @returns why it ended; `undefined`: it is not to be opened again. */
  async #readOnce(): Promise<string | undefined> {
    const silence = new AbortController();
    const stop = (): void => silence.abort();
    this.#stopped.signal.addEventListener('abort', stop, { once: true });
    const { clock } = this.#parts;
    const listen = (): (() => void) => clock.at(later(clock.monotonic(), silentForMs), stop);
    let disarm = listen();
    try {
      const id = this.#lastEventId;
      const headers = id === undefined ? {} : { 'last-event-id': id };
      const answer = await this.#parts.open(headers, silence.signal);
      if (answer.status !== 200) return this.#refused(answer.status);
      if (id === undefined) this.#begin();
      else this.#goOn('gapless');
      const reader = new SseReader(id);
      for await (const piece of answer.pieces) {
        disarm();
        disarm = listen();
        for (const event of reader.read(piece)) this.#take(event);
      }
      return 'the service ended the stream';
    } catch {
      return silence.signal.aborted ? 'nothing came any more' : 'the service cannot be reached';
    } finally {
      disarm();
      silence.abort();
      this.#stopped.signal.removeEventListener('abort', stop);
    }
  }

  #refused(status: number): string | undefined {
    if (status >= 500 || status === 429 || status === 408)
      return `the service answered with status ${status}`;
    this.#listener.state({ name: 'refused', status });
    return undefined;
  }

  #begin(): void {
    this.#listener.beginSnapshot();
    this.#listener.state({ name: 'snapshot' });
  }

  #goOn(how: 'gapless' | 'anew'): void {
    this.#pauseMs = firstPauseMs;
    this.#listener.state({ name: 'live' });
    if (this.#lostAtMs !== undefined) this.#listener.resumed(how);
    this.#lostAtMs = undefined;
  }

  #take({ type, data, id }: SseEvent): void {
    this.#lastEventId = id;
    const said = JSON.parse(data) as { readonly devices?: readonly Device[]; readonly 'as-of'?: AsOf };
    switch (type) {
      case 'snapshot':
        this.#listener.devices(said.devices ?? []);
        break;
      case 'change':
        this.#listener.devices([said as unknown as Device]);
        break;
      case 'reset':
        this.#lostAtMs ??= this.#parts.clock.now();
        this.#begin();
        break;
      case 'snapshot-end':
        this.#listener.endSnapshot();
        this.#goOn('anew');
        break;
      default:
    }
    if (said['as-of']) this.#listener.asOf(said['as-of']);
  }

  async #pause(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopped;
    await new Promise<void>((resolve) => {
      const disarm = clock.at(later(clock.monotonic(), this.#pauseMs), resolve);
      signal.addEventListener('abort', () => (disarm(), resolve()), { once: true });
    });
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
  }
}

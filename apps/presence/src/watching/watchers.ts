import type { SseStream } from './sse-stream.ts';

/** The readers of `watch`, a bounded number. */
export class Watchers {
  readonly #max: number;
  readonly #streams = new Set<SseStream>();
  #cut = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.#streams.size >= this.#max;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Readers that were cut because they did not read. */
  get cut(): number {
    return this.#cut;
  }

  async serve(stream: SseStream, work: () => Promise<void>): Promise<void> {
    this.#streams.add(stream);
    try {
      await work();
    } finally {
      this.#streams.delete(stream);
      if (stream.cutBecause === 'slow') this.#cut += 1;
    }
  }

  /** They come again, to another replica. */
  endAll(): void {
    for (const stream of this.#streams) stream.end();
  }
}

import type { SseStream } from './sse-stream.ts';

/** The readers of `watch`, a bounded number. */
export class Watchers {
  readonly #max: number;
  /** By tenant, in the order they came. None is empty. */
  readonly #streams = new Map<string, Set<SseStream>>();
  #size = 0;
  #cut = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** Readers that were cut because they did not read. */
  get cut(): number {
    return this.#cut;
  }

  /**
   * Whether there is room for one more reader of this tenant. If there is none, the stream of the newest reader of the tenant with the
   * most readers is ended, unless this tenant would have as many then. The ended reader connects again, and may be refused.
   */
  makeRoomFor(tenant: string): boolean {
    if (this.#size < this.#max) return true;
    let [fullest, most] = ['', new Set<SseStream>()];
    for (const [name, streams] of this.#streams)
      if (streams.size > most.size) [fullest, most] = [name, streams];
    const own = this.#streams.get(tenant)?.size ?? 0;
    const last = [...most].at(-1);
    if (!last || own + 1 >= most.size) return false;
    this.#remove(fullest, last);
    last.end();
    return true;
  }

  async serve(tenant: string, stream: SseStream, work: () => Promise<void>): Promise<void> {
    const streams = this.#streams.get(tenant);
    if (streams) streams.add(stream);
    else this.#streams.set(tenant, new Set([stream]));
    this.#size += 1;
    try {
      await work();
    } finally {
      this.#remove(tenant, stream);
      if (stream.cutBecause === 'slow') this.#cut += 1;
    }
  }

  /** The readers connect again, to another replica. */
  endAll(): void {
    for (const streams of this.#streams.values()) for (const stream of streams) stream.end();
  }

  #remove(tenant: string, stream: SseStream): void {
    const streams = this.#streams.get(tenant);
    if (!streams?.delete(stream)) return;
    this.#size -= 1;
    if (streams.size === 0) this.#streams.delete(tenant);
  }
}

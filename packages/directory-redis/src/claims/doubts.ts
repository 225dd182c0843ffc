/** A bucket to assert again in the engine: all connections in it, or those that the engine was never known to have. */
export interface Doubted {
  readonly bucket: number;
  readonly what: 'all' | 'unknown';
}

/** Buckets to assert again in the engine, the most urgent first. */
export class Doubts {
  /** The engine's counts differ from those of this instance. */
  readonly #urgent = new Set<number>();
  /** Connections came or went without a word to the engine. It has the others, as far as is known. */
  readonly #unasked = new Set<number>();
  /** The engine may differ from this instance. */
  readonly #usual = new Set<number>();
  /** Nothing indicates a difference: they are asserted again in turn. */
  readonly #routine = new Set<number>();
  /** The engine did not answer: they are tried again a little later. */
  readonly #later = new Set<number>();
  /** As `#later`, for buckets of `#unasked`. */
  readonly #unaskedLater = new Set<number>();

  /** Whether the engine may lack connections, or have too many. */
  get any(): boolean {
    const doubted = [this.#urgent, this.#unasked, this.#usual, this.#later, this.#unaskedLater];
    return doubted.some(({ size }) => size > 0);
  }

  urgent(bucket: number): void {
    this.#usual.delete(bucket);
    this.#urgent.add(bucket);
  }

  unasked(bucket: number): void {
    this.#unasked.add(bucket);
  }

  unaskedLater(bucket: number): void {
    this.#unaskedLater.add(bucket);
  }

  usual(bucket: number): void {
    if (!this.#urgent.has(bucket)) this.#usual.add(bucket);
  }

  routine(bucket: number): void {
    this.#routine.add(bucket);
  }

  later(bucket: number): void {
    this.#later.add(bucket);
  }

  /** The buckets for later are due now. */
  retry(): void {
    for (const bucket of this.#later) this.usual(bucket);
    this.#later.clear();
    for (const bucket of this.#unaskedLater) this.unasked(bucket);
    this.#unaskedLater.clear();
  }

  /** The next bucket to assert. It leaves the doubts, unless all of it is in doubt and its changes go first. */
  take(): Doubted | undefined {
    const whole = [this.#urgent, this.#usual, this.#routine];
    const [urgent] = this.#urgent;
    const [unasked] = this.#unasked;
    if (urgent === undefined && unasked !== undefined) {
      this.#unasked.delete(unasked);
      return { bucket: unasked, what: 'unknown' };
    }
    for (const buckets of whole)
      for (const bucket of buckets) {
        for (const each of [...whole, this.#unasked]) each.delete(bucket);
        return { bucket, what: 'all' };
      }
    return undefined;
  }

  clear(): void {
    const whole = [this.#urgent, this.#usual, this.#routine, this.#later];
    for (const buckets of [...whole, this.#unasked, this.#unaskedLater]) buckets.clear();
  }
}

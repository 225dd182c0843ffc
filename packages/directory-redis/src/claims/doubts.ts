/** A bucket that the engine must be told again: all that is in it, or what it was never known to have. */
export interface Doubted {
  readonly bucket: number;
  readonly what: 'all' | 'unknown';
}

/** Buckets that the engine must be told again, in the order of need. */
export class Doubts {
  /** Something in them differs. */
  readonly #urgent = new Set<number>();
  /** Something that came or went while the engine was not asked: it has the rest, as far as is known. */
  readonly #unasked = new Set<number>();
  /** Something in them may differ. */
  readonly #usual = new Set<number>();
  /** Nothing is known against them: they are told again now and then. */
  readonly #routine = new Set<number>();
  /** The engine did not answer: to be tried again a little later. */
  readonly #later = new Set<number>();
  /** The same, where it has the rest. */
  readonly #unaskedLater = new Set<number>();

  /** Whether the engine may lack anything, or know too much. */
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

  /** Those for later are due. */
  retry(): void {
    for (const bucket of this.#later) this.usual(bucket);
    this.#later.clear();
    for (const bucket of this.#unaskedLater) this.unasked(bucket);
    this.#unaskedLater.clear();
  }

  /** The one to be told next; it is in doubt no more, unless all of it is and what is missing goes first. */
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

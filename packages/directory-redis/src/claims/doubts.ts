/** Buckets that the engine must be told again, in the order of need. */
export class Doubts {
  /** Something in them differs. */
  readonly #urgent = new Set<number>();
  /** Something in them may differ. */
  readonly #usual = new Set<number>();
  /** Nothing is known against them: they are told again now and then. */
  readonly #routine = new Set<number>();
  /** The engine did not answer: to be tried again a little later. */
  readonly #later = new Set<number>();

  /** Whether the engine may lack anything, or know too much. */
  get any(): boolean {
    return this.#urgent.size + this.#usual.size + this.#later.size > 0;
  }

  urgent(bucket: number): void {
    this.#usual.delete(bucket);
    this.#urgent.add(bucket);
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
  }

  /** The one to be told next; it is in doubt no more. */
  take(): number | undefined {
    for (const buckets of [this.#urgent, this.#usual, this.#routine])
      for (const bucket of buckets) {
        for (const each of [this.#urgent, this.#usual, this.#routine]) each.delete(bucket);
        return bucket;
      }
    return undefined;
  }

  clear(): void {
    for (const buckets of [this.#urgent, this.#usual, this.#routine, this.#later]) buckets.clear();
  }
}

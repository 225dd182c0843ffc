/**
 * Remembers what was used recently, in bounded memory: at least as many as fit into a generation, and twice as many at most.
 *
 * Two generations instead of an order of use. In a Map, what is deleted at its front must be passed over by whoever asks for the
 * oldest; here what was not used for a whole generation is dropped with it.
 */
export class RecentMap<Key, Value extends {}> {
  readonly #perGeneration: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(perGeneration: number) {
    this.#perGeneration = perGeneration;
  }

  /** What is found counts as used now. */
  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#perGeneration && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}

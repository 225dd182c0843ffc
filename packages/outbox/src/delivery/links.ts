/** No entry. */
export const none = -1;

/** The ends of a list of entries. */
export interface Chain {
  first: number;
  last: number;
}

export function emptyChain(): Chain {
  return { first: none, last: none };
}

/** Doubly linked lists of entries that are numbers. Each entry is in one list at most, and takes 8 bytes. */
export class Links {
  #older = new Int32Array(0);
  #newer = new Int32Array(0);

  /** Makes room for entries below `capacity`; links of those above it are forgotten. */
  resize(capacity: number): void {
    this.#older = resized(this.#older, new Int32Array(capacity));
    this.#newer = resized(this.#newer, new Int32Array(capacity));
  }

  get byteLength(): number {
    return this.#older.byteLength + this.#newer.byteLength;
  }

  older(entry: number): number {
    return this.#older[entry] ?? none;
  }

  newer(entry: number): number {
    return this.#newer[entry] ?? none;
  }

  /** Puts `entry` behind `tail`, which is the last of its list, or `none`. */
  linkBehind(tail: number, entry: number): void {
    this.#older[entry] = tail;
    this.#newer[entry] = none;
    if (tail !== none) this.#newer[tail] = entry;
  }

  /** Takes `entry` out from between its neighbours. */
  unlink(entry: number): void {
    const older = this.older(entry);
    const newer = this.newer(entry);
    if (older !== none) this.#newer[older] = newer;
    if (newer !== none) this.#older[newer] = older;
  }

  append(chain: Chain, entry: number): void {
    this.linkBehind(chain.last, entry);
    chain.last = entry;
    if (chain.first === none) chain.first = entry;
  }

  remove(chain: Chain, entry: number): void {
    if (chain.first === entry) chain.first = this.newer(entry);
    if (chain.last === entry) chain.last = this.older(entry);
    this.unlink(entry);
  }
}

/** Copies what fits. */
export function resized<Column extends Int32Array | Uint32Array | Uint8Array | Float64Array>(
  from: Column,
  to: Column,
): Column {
  to.set(from.subarray(0, Math.min(from.length, to.length)));
  return to;
}

/** How many answers of one client may wait for the credit of its links, all together. */
const defaultMax = 4_000;

/** The answers of one client that wait: it may have thousands of links, and give credit on none. */
export class WaitingRoom {
  readonly #max: number;
  #waiting = 0;

  constructor(max: number = defaultMax) {
    this.#max = max;
  }

  /** @returns whether there was room for one more. */
  enter(): boolean {
    if (this.#waiting >= this.#max) return false;
    this.#waiting += 1;
    return true;
  }

  leave(count: number): void {
    this.#waiting -= count;
  }
}

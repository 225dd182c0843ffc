import { StoreUnavailable } from '../store-unavailable.ts';

/** Runs a few searches at a time. Others wait in the order in which they came. */
export class SearchSemaphore {
  readonly #atATime: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #passing = 0;

  constructor(atATime: number, maxWaiting: number) {
    this.#atATime = atATime;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws StoreUnavailable if too many wait. */
  async pass<Result>(search: () => Promise<Result>): Promise<Result> {
    if (this.#passing >= this.#atATime) {
      if (this.#waiting.length >= this.#maxWaiting)
        throw new StoreUnavailable('too many searches wait for the database');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#passing += 1;
    try {
      return await search();
    } finally {
      // The next search gets the place of this one.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#passing -= 1;
    }
  }
}

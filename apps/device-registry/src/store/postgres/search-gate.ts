import { StoreUnavailable } from '../store-unavailable.ts';

/** Lets a few pass at a time, and others wait, in the order in which they came. */
export class SearchGate {
  readonly #atATime: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #passing = 0;

  constructor(atATime: number, maxWaiting: number) {
    this.#atATime = atATime;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws StoreUnavailable where too many wait. */
  async pass<Result>(search: () => Promise<Result>): Promise<Result> {
    if (this.#passing >= this.#atATime) {
      if (this.#waiting.length >= this.#maxWaiting)
        throw new StoreUnavailable('too many searches wait for the database');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#passing += 1;
    try {
      return await search();
    } finally {
      // The next one has this one's place.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#passing -= 1;
    }
  }
}

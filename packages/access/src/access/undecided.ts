import { later, type Clock } from '@rollcall/core/environment';

/** When whatever is undecided is reviewed again: a second after it became so, and less often the longer that lasts. */
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

/**
 * Items of which the registry could not say whether they still may be there. They are reviewed again until it can, whatever it says
 * of itself: it may be able to answer all other questions.
 */
export class Undecided<Item> {
  readonly #clock: Clock;
  readonly #review: (items: readonly Item[]) => Promise<void>;
  readonly #items = new Set<Item>();
  #waitMs = firstWaitMs;
  #isUnderWay = false;
  #isStopped = false;
  #disarm = (): void => {};

  /** @param review of each: calls `add` where it still cannot be said, else `delete`. Never rejects. */
  constructor(clock: Clock, review: (items: readonly Item[]) => Promise<void>) {
    this.#clock = clock;
    this.#review = review;
  }

  add(item: Item): void {
    if (this.#isStopped || this.#items.has(item)) return;
    this.#items.add(item);
    // It does not wait as long as the others do by now.
    this.#waitMs = firstWaitMs;
    this.#arm();
  }

  delete(item: Item): void {
    if (this.#items.delete(item) && this.#items.size === 0) this.#disarm();
  }

  /** The registry can be asked again. */
  reviewNow(): void {
    this.#waitMs = 0;
    this.#arm();
  }

  /** No timer runs any more. */
  stop(): void {
    this.#isStopped = true;
    this.#items.clear();
    this.#disarm();
  }

  #arm(): void {
    this.#disarm();
    if (this.#isUnderWay || this.#items.size === 0) return;
    if (this.#waitMs === 0) void this.#reviewAll();
    else
      this.#disarm = this.#clock.at(
        later(this.#clock.monotonic(), this.#waitMs),
        () => void this.#reviewAll(),
      );
  }

  async #reviewAll(): Promise<void> {
    this.#isUnderWay = true;
    this.#waitMs = Math.min(Math.max(firstWaitMs, 2 * this.#waitMs), longestWaitMs);
    await this.#review([...this.#items]);
    this.#isUnderWay = false;
    this.#arm();
  }
}

import type { Instant } from '@rollcall/core';
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
  /** When they are reviewed; `undefined`: no timer runs. */
  #due: Instant | undefined;

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

  /** As {@link add}, for one of many: it waits for the next review of the others. A storm of them must not have all reviewed each second. */
  join(item: Item): void {
    if (this.#isStopped) return;
    if (this.#items.size === 0) this.add(item);
    else this.#items.add(item);
  }

  delete(item: Item): void {
    if (this.#items.delete(item) && this.#items.size === 0) this.#cancel();
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
    this.#cancel();
  }

  #arm(): void {
    if (this.#isUnderWay || this.#items.size === 0) return;
    const due = later(this.#clock.monotonic(), this.#waitMs);
    // Whoever comes does not put off the review of the others.
    if (this.#due !== undefined && this.#due <= due && this.#waitMs > 0) return;
    this.#cancel();
    if (this.#waitMs === 0) void this.#reviewAll();
    else {
      this.#due = due;
      this.#disarm = this.#clock.at(due, () => void this.#reviewAll());
    }
  }

  #cancel(): void {
    this.#disarm();
    this.#due = undefined;
  }

  async #reviewAll(): Promise<void> {
    this.#due = undefined;
    this.#isUnderWay = true;
    this.#waitMs = Math.min(Math.max(firstWaitMs, 2 * this.#waitMs), longestWaitMs);
    await this.#review([...this.#items]);
    this.#isUnderWay = false;
    this.#arm();
  }
}

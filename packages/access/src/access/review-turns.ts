/** What is reviewed at a time: a registry may be asked over a network, and it may be a slow one. */
const atATime = 50;

/**
 * Turns of those that ask the registry about devices. No item is reviewed by two of them at a time: what an earlier one was told must
 * not be believed over what a later one was. Different items are reviewed beside each other: with a slow registry, a change does not wait
 * for all changes of others before it. A review of much takes many turns, and others have theirs between them.
 */
export class ReviewTurns {
  readonly #failed: (error: unknown) => void;
  /** The latest review of each item that is under way, or waits. */
  readonly #latest = new Map<unknown, Promise<void>>();
  readonly #waiting = new Set<() => void>();
  #running = 0;

  /** @param failed called with what a review threw; the others go on. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** @param which asked at once: what comes or goes after that does not change this list. */
  async each<Item>(which: () => Iterable<Item>, review: (item: Item) => Promise<void>): Promise<void> {
    const items = [...which()];
    for (let done = 0; done < items.length; done += atATime) {
      // Whatever the registry is, everybody else has a turn of the event loop.
      if (done > 0) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(
        items.slice(done, done + atATime).map((item) => this.#afterEarlier(item, () => review(item))),
      );
    }
  }

  async #afterEarlier(item: unknown, review: () => Promise<void>): Promise<void> {
    const earlier = this.#latest.get(item) ?? Promise.resolve();
    const done = earlier.then(() => this.#inTurn(review));
    this.#latest.set(item, done);
    await done;
    if (this.#latest.get(item) === done) this.#latest.delete(item);
  }

  async #inTurn(review: () => Promise<void>): Promise<void> {
    if (this.#running < atATime) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.add(resolve));
    try {
      await review();
    } catch (error) {
      this.#failed(error);
    }
    this.#handOver();
  }

  /** Whoever waits longest has the turn that is free. */
  #handOver(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

/** What is reviewed at a time: a registry may be asked over a network, and it may be a slow one. */
const perTurn = 50;

/**
 * Turns of those that ask the registry about devices. Nothing is reviewed by two of them at a time: what an earlier one was told must
 * not be believed over what a later one was. A review of much takes many turns, and others have theirs between them: what
 * concerns one device does not wait until all are reviewed.
 */
export class ReviewTurns {
  readonly #failed: (error: unknown) => void;
  #latest: Promise<void> = Promise.resolve();

  /** @param failed called with what a review threw; the others go on. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** @param which asked when the first turn comes: what comes or goes after that does not change this list. */
  async each<Item>(which: () => Iterable<Item>, review: (item: Item) => Promise<void>): Promise<void> {
    let items: readonly Item[] = [];
    let done = 0;
    await this.#turn(async () => {
      items = [...which()];
    });
    while (done < items.length) {
      const now = items.slice(done, done + perTurn);
      done += now.length;
      await this.#turn(async () => {
        await Promise.all(now.map((item) => this.#one(item, review)));
      });
      // Whatever the registry is, everybody else has a turn of the event loop.
      if (done < items.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #one<Item>(item: Item, review: (item: Item) => Promise<void>): Promise<void> {
    try {
      await review(item);
    } catch (error) {
      this.#failed(error);
    }
  }

  #turn(work: () => Promise<void>): Promise<void> {
    const before = this.#latest;
    this.#latest = before.then(work).catch(this.#failed);
    return this.#latest;
  }
}

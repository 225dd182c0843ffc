import { later, type Clock } from '@rollcall/core/environment';

const tryEveryMs = 1_000;

/** Announces items, each as soon as possible: not while an earlier event of the item is still on its way. */
export interface SayAgain<Item> {
  add(item: Item): void;
  /** The item ended: it is not announced any more. */
  remove(item: Item): void;
  stop(): void;
}

/** @param say announces an item; returns whether that was possible. */
export function createSayAgain<Item>(clock: Clock, say: (item: Item) => boolean): SayAgain<Item> {
  const waiting = new Set<Item>();
  let disarm: (() => void) | undefined;

  function tryLater(): void {
    disarm ??= clock.at(later(clock.monotonic(), tryEveryMs), () => {
      disarm = undefined;
      for (const item of waiting) if (say(item)) waiting.delete(item);
      if (waiting.size > 0) tryLater();
    });
  }

  return {
    add(item) {
      waiting.add(item);
      tryLater();
    },
    remove: (item) => void waiting.delete(item),
    stop() {
      waiting.clear();
      disarm?.();
      disarm = undefined;
    },
  };
}

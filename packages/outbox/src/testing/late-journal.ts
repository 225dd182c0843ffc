import type { Journal } from '../journal/journal.ts';
import { createMemoryJournal } from '../journal/memory-journal.ts';

/** For tests: a journal that commits an event when the test says so. */
export interface LateJournal extends Journal {
  /** Events that are not committed yet. */
  readonly uncommitted: number;
  /** Commits the oldest of them. */
  commit(): void;
  /** Commits everything, and later events at once. */
  catchUp(): void;
}

export function createLateJournal(): LateJournal {
  const memory = createMemoryJournal();
  const waiting: (() => void)[] = [];
  let isLate = true;
  return {
    ...memory,
    append(...event) {
      if (!isLate) return memory.append(...event);
      const { promise: committed, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      return { ...memory.append(...event), committed };
    },
    get uncommitted() {
      return waiting.length;
    },
    commit: () => waiting.shift()?.(),
    catchUp() {
      isLate = false;
      for (const committed of waiting.splice(0)) committed();
    },
  };
}

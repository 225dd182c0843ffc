/** What makes a key outside of the heap, and may keep it until it is told to let it go. */
export interface HoldsKey {
  /** Since the last time that somebody looked. */
  isUsed: boolean;
  letGo(): void;
}

/** Twice the associations that may be busy at a time before keys are made again for each record, which takes a microsecond. */
export const maxHeldKeys = 4_096;
/** A newcomer looks at so many at the most: a record must not wait for a long search. */
const maxLooks = 8;

const holders: (HoldsKey | undefined)[] = [];
let next = 0;

/** From now on this one keeps its key, in the place of one that was not used recently. */
export function holdKey(newcomer: HoldsKey): void {
  for (let look = 1; look < maxLooks && holders[next]?.isUsed; look++) {
    const busy = holders[next];
    if (busy) busy.isUsed = false;
    next = (next + 1) % maxHeldKeys;
  }
  holders[next]?.letGo();
  holders[next] = newcomer;
  next = (next + 1) % maxHeldKeys;
}

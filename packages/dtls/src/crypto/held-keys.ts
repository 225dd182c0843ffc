/** Makes a key outside of the heap, and may keep it until `holdKey` makes it let the key go. */
export interface HoldsKey {
  /** Whether the key was used since it was last checked. */
  isUsed: boolean;
  letGo(): void;
}

/** Twice the number of associations that may be busy at a time. Beyond it, keys are made again for each record, which takes 1 µs. */
export const maxHeldKeys = 4_096;
/** How many holders a newcomer checks at most: a record must not wait for a long search. */
const maxLooks = 8;

const holders: (HoldsKey | undefined)[] = [];
let next = 0;

/** Lets this holder keep its key, in place of one that was not used recently. */
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

import { every, type Clock, type Random } from '@rollcall/core';

const tickMs = 1_000;
/** An interval is divided into so many moments at most. */
const maxSlots = 3_600;

/** Says again, from time to time, what holds. */
export interface Announcer<Item> {
  add(item: Item): void;
  remove(item: Item): void;
  stop(): void;
}

/**
 * Calls `announce` for each item once every `intervalMs`, at a moment of its own: a thousand devices that connected at once
 * are not announced at once.
 *
 * @param intervalMs 0: never.
 */
export function createAnnouncer<Item>(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  intervalMs: number,
  announce: (item: Item) => void,
): Announcer<Item> {
  const slotCount = Math.min(maxSlots, Math.max(1, Math.floor(intervalMs / tickMs)));
  const slots = Array.from({ length: slotCount }, () => new Set<Item>());
  const slotOf = new Map<Item, Set<Item>>();
  let now = 0;

  function tick(): void {
    now = (now + 1) % slotCount;
    for (const item of slots[now] ?? []) announce(item);
  }
  const disarm = intervalMs > 0 ? every(clock, intervalMs / slotCount, tick) : (): void => {};

  return {
    add(item) {
      const slot = slots[Math.floor(random.next() * slotCount)];
      slot?.add(item);
      if (slot) slotOf.set(item, slot);
    },
    remove(item) {
      slotOf.get(item)?.delete(item);
      slotOf.delete(item);
    },
    stop: () => disarm(),
  };
}

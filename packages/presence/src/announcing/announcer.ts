import { every, type Clock, type Random } from '@rollcall/core/environment';
import { AnnounceAll } from './announce-all.ts';

const tickMs = 1_000;
/** Into how many moments an interval is divided at most. */
const maxSlots = 3_600;

/** Announces open connections from time to time. */
export interface Announcer<Item> {
  add(item: Item): void;
  remove(item: Item): void;
  /**
   * For a consumer that begins without any knowledge: announces everything once more, soon, at a limited rate, at most once a minute.
   * Does nothing if announcements are off.
   */
  announceAll(): void;
  stop(): void;
}

/**
 * Calls `announce` for each item once every `intervalMs`, at a moment of its own: a thousand devices that connected at once
 * are not announced at once.
 *
 * @param intervalMs 0: never.
 * @param announce returns whether every sink took it.
 */
export function createAnnouncer<Item>(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  intervalMs: number,
  announce: (item: Item) => boolean,
): Announcer<Item> {
  const slotCount = Math.min(maxSlots, Math.max(1, Math.floor(intervalMs / tickMs)));
  const slots = Array.from({ length: slotCount }, () => new Set<Item>());
  const slotOf = new Map<Item, Set<Item>>();
  let now = 0;

  function tick(): void {
    now = (now + 1) % slotCount;
    for (const item of slots[now] ?? []) announce(item);
  }
  const all = new AnnounceAll<Item>({
    clock,
    all: () => slotOf.keys(),
    holds: (item) => slotOf.has(item),
    say: announce,
  });
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
    announceAll() {
      if (intervalMs > 0) all.ask();
    },
    stop() {
      disarm();
      all.stop();
    },
  };
}

import type { Place } from './journal.ts';
import { createPlaceSet, type PlaceSet } from './place-set.ts';
import type { Settlement } from './store/stored.ts';
import { takeFirst } from './take-first.ts';

/** What sinks made of events whose standing only the store knows, until the store is told. */
export interface Settlements {
  readonly size: number;
  /** Those of them that are more than a bit, since the sink said why it refused the event. */
  readonly refusals: number;
  add(place: Place, settlement: Settlement): void;
  /** The oldest, about, and up to `count` of them. */
  take(count: number): (readonly [Place, readonly Settlement[]])[];
  /** Those that could not be stored. */
  putBack(taken: readonly (readonly [Place, readonly Settlement[]])[]): void;
}

/**
 * While the disk is slower than the sinks, or fails, the confirmations of a whole backlog may have to wait here: a sink's are a bit
 * each.
 */
export function createSettlements(): Settlements {
  const confirmed = new Map<string, PlaceSet>();
  const refused = new Map<Place, readonly Settlement[]>();

  function add(place: Place, settlement: Settlement): void {
    const { sink, refusal } = settlement;
    if (refusal !== undefined) {
      refused.set(place, [...(refused.get(place) ?? []), settlement]);
      return;
    }
    let places = confirmed.get(sink);
    if (!places) confirmed.set(sink, (places = createPlaceSet()));
    places.add(place);
  }

  return {
    get size() {
      let size = refused.size;
      for (const places of confirmed.values()) size += places.size;
      return size;
    },
    get refusals() {
      return refused.size;
    },
    add,
    take(count) {
      const taken = takeFirst(refused, count);
      for (const [sink, places] of confirmed) {
        const settlements: readonly Settlement[] = [{ sink }];
        for (const place of places.take(count - taken.length)) taken.push([place, settlements]);
      }
      return taken;
    },
    putBack(taken) {
      for (const [place, settlements] of taken) for (const each of settlements) add(place, each);
    },
  };
}

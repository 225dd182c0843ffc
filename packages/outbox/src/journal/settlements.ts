import type { Place } from './journal.ts';
import { createPlaceSet, type PlaceSet } from './place-set.ts';
import type { Settlement } from './store/stored.ts';
import { takeFirst } from './take-first.ts';

/** The answers of sinks for events whose standing only the store knows, until they are stored. */
export interface Settlements {
  readonly size: number;
  /** How many are refusals, which take more than a bit, since they have a cause. */
  readonly refusals: number;
  add(place: Place, settlement: Settlement): void;
  /** Takes up to `count` of about the oldest. */
  take(count: number): (readonly [Place, readonly Settlement[]])[];
  /** The settlements could not be stored. */
  putBack(taken: readonly (readonly [Place, readonly Settlement[]])[]): void;
}

/**
 * While the disk is slower than the sinks, or fails, the confirmations of a whole backlog may have to wait here: each takes one bit
 * for each sink.
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

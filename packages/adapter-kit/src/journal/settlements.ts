import type { Place } from './journal.ts';
import type { Settlement } from './store/stored.ts';
import { takeFirst } from './take-first.ts';

/** What sinks made of events whose standing only the store knows, until the store is told. */
export interface Settlements {
  readonly size: number;
  add(place: Place, settlement: Settlement): void;
  /** The oldest, of up to `maxPlaces` events. */
  take(maxPlaces: number): (readonly [Place, readonly Settlement[]])[];
  /** Those that could not be stored: they come before what was added since. */
  putBack(taken: readonly (readonly [Place, readonly Settlement[]])[]): void;
}

export function createSettlements(): Settlements {
  const byPlace = new Map<Place, readonly Settlement[]>();
  return {
    get size() {
      return byPlace.size;
    },
    add(place, settlement) {
      const before = byPlace.get(place);
      byPlace.set(place, before ? [...before, settlement] : [settlement]);
    },
    take: (maxPlaces) => takeFirst(byPlace, maxPlaces),
    putBack(taken) {
      for (const [place, settlements] of taken)
        byPlace.set(place, [...settlements, ...(byPlace.get(place) ?? [])]);
    },
  };
}

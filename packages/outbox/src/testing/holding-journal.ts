import { factsOf } from '../journal/facts-of.ts';
import type { OutboundEvent } from '@rollcall/core/sink';
import type { Journal, PendingEvent, Place } from '../journal/journal.ts';
import { createMemoryJournal } from '../journal/memory-journal.ts';

/** For tests: a journal that holds every event at once, or as soon as the test says so, and counts reads. */
export interface HoldingJournal extends Journal {
  /** Whether it holds events; once true, it also holds earlier ones. */
  holding: boolean;
  /** Whether reading fails. */
  unreadable: boolean;
  /** The places of each read. */
  readonly reads: (readonly Place[])[];
  readonly forgotten: Place[];
  /** Adds an event that an earlier incarnation left. */
  left(outbound: OutboundEvent, sinks: readonly string[]): PendingEvent;
  /** Loses an event, as no real journal should. */
  lose(place: Place): void;
}

export function createHoldingJournal(): HoldingJournal {
  const kept = new Map<Place, OutboundEvent>();
  let last: Place = 0;
  const journal: HoldingJournal = {
    ...createMemoryJournal(),
    holding: true,
    unreadable: false,
    reads: [],
    forgotten: [],
    append(outbound) {
      kept.set(++last, outbound);
      return { place: last, committed: undefined };
    },
    holds: (place) => journal.holding && kept.has(place),
    async read(places) {
      if (journal.unreadable) throw new Error('disk I/O error');
      journal.reads.push(places);
      // A copy, as from a file.
      return places.map((place) => structuredClone(kept.get(place)));
    },
    forget(_sink, place) {
      journal.forgotten.push(place);
      kept.delete(place);
    },
    leaveOut(sink, places) {
      for (const place of places) journal.forget(sink, place);
    },
    left(outbound, sinks) {
      kept.set(++last, outbound);
      const { event } = outbound;
      return { place: last, sinks, device: event.device, at: event.at, bytes: factsOf(outbound).length };
    },
    lose: (place) => void kept.delete(place),
  };
  return journal;
}

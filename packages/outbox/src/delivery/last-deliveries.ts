import { later, type Clock, type Log } from '@rollcall/core/environment';
import type { Journal } from '../journal/journal.ts';
import { lostEvents, type LostEvents } from './lost-events.ts';
import type { Outbox } from './outbox-contract.ts';

/**
 * Waits, when an adapter stops, for events that are not confirmed yet, and logs which of them are lost. Without a stop, it does
 * neither.
 */
export interface LastDeliveries {
  /** A stop begins. @param leftMs how long it waits for confirmations; called only if it has to wait. */
  begin(outbox: Outbox, leftMs: () => number): void;
  /** Resolves when everything is confirmed, or when the time is over. */
  confirmed(): Promise<void>;
  /** Finds out what is lost, and logs it. Call it when no event is sent any more, and the journal is closed. */
  tellLost(): void;
  readonly lost: readonly LostEvents[];
}

export function createLastDeliveries({
  journal,
  clock,
  log,
}: {
  readonly journal: Pick<Journal, 'holds'>;
  readonly clock: Clock;
  readonly log: Log;
}): LastDeliveries {
  let stop: { readonly outbox: Outbox; leftMs(): number } | undefined;
  let lost: readonly LostEvents[] = [];
  return {
    begin(outbox, leftMs) {
      stop = { outbox, leftMs };
    },
    async confirmed() {
      if (!stop) return;
      const deadline = new AbortController();
      const disarm = clock.at(later(clock.monotonic(), stop.leftMs()), () => deadline.abort());
      await stop.outbox.drained(deadline.signal);
      disarm();
      for (const { sink, events } of stop.outbox.depth())
        if (events > 0) log.warn({ sink, events }, 'stopping with events that were not confirmed');
    },
    tellLost() {
      if (!stop) return;
      lost = lostEvents(stop.outbox.holdings().waiting(), journal);
      for (const facts of lost)
        log.error(facts, 'events are lost: they were not confirmed, and the journal does not have them');
    },
    get lost() {
      return lost;
    },
  };
}

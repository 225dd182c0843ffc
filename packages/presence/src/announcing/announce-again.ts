import type { AdapterIdentity, ConnectedEvent } from '@rollcall/core/events';
import type { JournalFacts } from '@rollcall/core/internal';
import type { OpenEvent } from '../open-event.ts';

/**
 * Makes the announcement of an open connection: its `connected` with the present values, since the interval of a lease changes, and
 * an earlier incarnation may have begun it. Pairs that were left out before were reported once, and are not repeated.
 *
 * @param adapter who announces it.
 */
export function announceAgain(
  { event, tracked }: OpenEvent,
  adapter: AdapterIdentity,
  announceIntervalMs: number,
  journal: JournalFacts,
): ConnectedEvent {
  const basis = tracked.presence()?.lease?.basis ?? event.basis;
  const { coalesced: _said, ...lasting } = event;
  // An announcement that is not repeated has no interval.
  return { ...lasting, adapter, basis, journal, ...(announceIntervalMs > 0 && { announceIntervalMs }) };
}

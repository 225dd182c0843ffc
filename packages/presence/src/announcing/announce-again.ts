import type { ConnectedEvent } from '@rollcall/core/events';
import type { JournalFacts } from '@rollcall/core/internal';
import type { OpenEvent } from '../open-event.ts';

/**
 * Makes the announcement of an open connection: its `connected` with what is true now, since the interval of a lease changes. What was left out
 * before was reported once, and is not repeated.
 */
export function announceAgain(
  { event, tracked }: OpenEvent,
  announceIntervalMs: number,
  journal: JournalFacts,
): ConnectedEvent {
  const basis = tracked.presence()?.lease?.basis ?? event.basis;
  const { coalesced: _said, ...lasting } = event;
  // Where it is said once, nothing waits for the next time.
  return { ...lasting, basis, journal, ...(announceIntervalMs > 0 && { announceIntervalMs }) };
}

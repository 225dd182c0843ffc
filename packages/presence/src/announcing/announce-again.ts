import type { ConnectedEvent } from '@rollcall/core/events';
import type { JournalFacts } from '@rollcall/core/internal';
import type { OpenEvent } from '../open-event.ts';

/**
 * The `connected` of an open connection said again, with what holds now: the interval of a lease changes. What was left out
 * before it was said once.
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

import type { ConnectedEvent, JournalFacts } from '@rollcall/core';
import type { OpenEvent } from '../tracking/connections.ts';

/** The `connected` of an open connection said again, with what holds now: the interval of a lease changes. */
export function announceAgain(
  { event, tracked }: OpenEvent,
  announceIntervalMs: number,
  journal: JournalFacts,
): ConnectedEvent {
  const basis = tracked.presence()?.lease?.basis ?? event.basis;
  return { ...event, basis, journal, announceIntervalMs };
}

import type { Holdings, Journal } from '../journal/journal.ts';

/** Events that one sink will never get: it has not confirmed them, and no journal has them for a later try. */
export interface LostEvents {
  readonly sink: string;
  readonly events: number;
  /** Of these, ends of connections: consumers see their devices as connected until they learn otherwise. */
  readonly disconnected: number;
}

/** What would be lost if the process ended now, by sink; sinks that lose nothing are left out. */
export function lostEvents(
  waiting: ReturnType<Holdings['waiting']>,
  journal: Pick<Journal, 'holds'>,
): readonly LostEvents[] {
  const lost = new Map<string, { -readonly [Fact in keyof LostEvents]: LostEvents[Fact] }>();
  for (const { place, sink, outbound } of waiting) {
    // Announcements have places below 0: they will be sent again anyway.
    if (place < 0 || journal.holds(place)) continue;
    const of = lost.get(sink) ?? { sink, events: 0, disconnected: 0 };
    of.events += 1;
    if (outbound?.event.type === 'disconnected') of.disconnected += 1;
    lost.set(sink, of);
  }
  return [...lost.values()];
}

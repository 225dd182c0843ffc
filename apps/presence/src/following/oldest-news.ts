import type { Timestamp } from '@rollcall/core';
import type { FoldedEvent } from './follow-stream.ts';

/** The time of the oldest change in a batch. Announcements repeat old facts, and events of Hono's own adapters have no time. */
export function oldestNews(events: readonly FoldedEvent[]): Timestamp | undefined {
  let oldest: Timestamp | undefined;
  for (const event of events)
    if (event.type !== 'hono' && !event.announcement && (oldest === undefined || event.at < oldest))
      oldest = event.at;
  return oldest;
}

import type { Timestamp } from '@rollcall/core';
import type { FoldedEvent } from './follow-stream.ts';

/** When the oldest change of a batch was observed. Announcements repeat old facts; events of other adapters have no time. */
export function oldestNews(events: readonly FoldedEvent[]): Timestamp | undefined {
  let oldest: Timestamp | undefined;
  for (const event of events)
    if (event.type !== 'hono' && !event.announcement && (oldest === undefined || event.at < oldest))
      oldest = event.at;
  return oldest;
}

import type { Log } from '@rollcall/core';
import type { PendingEvent } from '../journal/journal.ts';
import type { Outbox } from '../outbox/outbox.ts';

/** Queues what earlier incarnations could not send, before anything new. */
export function resumePending(
  pending: readonly PendingEvent[],
  outbox: Pick<Outbox, 'resume'>,
  log: Log,
): void {
  const withoutSink = new Map<string, number>();
  for (const { sink, outbound } of pending)
    if (!outbox.resume(sink, outbound)) withoutSink.set(sink, (withoutSink.get(sink) ?? 0) + 1);
  if (pending.length > 0) log.info({ events: pending.length }, 'sending what an earlier run could not send');
  for (const [sink, events] of withoutSink)
    log.warn({ sink, events }, 'events wait in the journal for a sink that is not configured');
}

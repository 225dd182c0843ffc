import type { Log } from '@rollcall/core/environment';
import type { Recovered } from '../journal/journal.ts';
import type { Outbox } from '../delivery/outbox-contract.ts';

/**
 * Queues the events that earlier incarnations could not send, before any new event.
 *
 * @returns how many events wait for sinks that the adapter does not have, by sink.
 */
export async function resumePending(
  recovered: Pick<Recovered, 'pending'>,
  outbox: Pick<Outbox, 'resume'>,
  log: Log,
): Promise<Readonly<Record<string, number>>> {
  const withoutSink = new Map<string, number>();
  let events = 0;
  for await (const batch of recovered.pending())
    for (const pending of batch)
      for (const sink of pending.sinks) {
        events += 1;
        if (!outbox.resume(sink, pending)) withoutSink.set(sink, (withoutSink.get(sink) ?? 0) + 1);
      }
  if (events > 0) log.info({ events }, 'sending what an earlier run could not send');
  for (const [sink, waiting] of withoutSink)
    log.warn(
      { sink, events: waiting },
      'events wait in the journal for a sink that is not configured; `rollcall journal discard` discards them',
    );
  return Object.fromEntries(withoutSink);
}

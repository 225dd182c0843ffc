import type { Clock, Log } from '@rollcall/core/environment';
import { createMinuteLog, type MinuteLog } from './minute-log.ts';

/** Logs that events are missing in the journal: one that was destroyed may have had a million of them. */
export function createLostLog(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  sink: string,
): MinuteLog {
  return createMinuteLog(clock, {
    say: (events) => log.error({ sink, events }, 'journal has lost events that were to be sent'),
  });
}

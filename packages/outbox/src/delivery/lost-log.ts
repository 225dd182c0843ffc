import type { Clock, Log } from '@rollcall/core/environment';
import { createMinuteLog, type MinuteLog } from './minute-log.ts';

/** Says that events are not where they were kept: a journal that was destroyed may have had a million of them. */
export function createLostLog(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  sink: string,
): MinuteLog {
  return createMinuteLog(clock, {
    say: (events) => log.error({ sink, events }, 'journal has lost events that were to be sent'),
  });
}

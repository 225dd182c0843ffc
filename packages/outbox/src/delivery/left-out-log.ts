import type { Clock, Log } from '@rollcall/core/environment';
import { createMinuteLog, type MinuteLog } from './minute-log.ts';

/** Logs that connections are left out. */
export function createLeftOutLog(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  facts: object,
): MinuteLog {
  return createMinuteLog(clock, {
    say: (leftOut) =>
      log.warn({ ...facts, leftOut }, 'outbox is full: whole connections are left out, and counted'),
    over: () => log.info(facts, 'outbox has left out no connection for a minute'),
  });
}

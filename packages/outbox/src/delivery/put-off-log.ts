import type { Clock, Log } from '@rollcall/core/environment';
import type { OutboundEvent } from '@rollcall/core/sink';
import { createMinuteLog } from './minute-log.ts';

/** A network that puts off a single event now and then is not logged. */
const patienceMs = 10_000;

/** Logs that a sink keeps putting events off: after ten seconds, then once a minute, with the latest cause. */
export interface PutOffLog {
  putOff(outbound: OutboundEvent, cause: Error): void;
  stop(): void;
}

export function createPutOffLog(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  sink: string,
): PutOffLog {
  let latest: { readonly tenant: string; readonly err: Error } | undefined;
  const { count, stop } = createMinuteLog(clock, {
    patienceMs,
    say: (tries) =>
      log.warn(
        { sink, tries, ...latest },
        'events are put off by the network: they wait, and are sent again',
      ),
  });
  return {
    putOff({ event }, cause) {
      latest = { tenant: event.device.tenant, err: cause };
      count();
    },
    stop,
  };
}

import type { Clock, Log, OutboundEvent } from '@rollcall/core';
import { createMinuteLog } from './minute-log.ts';

/** A network that puts an event off now and then is no news. */
const patienceMs = 10_000;

/** Says that a sink keeps putting events off: after ten seconds, then once a minute while it goes on, with the latest cause. */
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

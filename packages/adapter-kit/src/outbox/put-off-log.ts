import { later, type Clock, type Log, type OutboundEvent } from '@rollcall/core';

/** A network that puts an event off now and then is no news. */
const patienceMs = 10_000;
const everyMs = 60_000;

/** Says that a sink keeps putting events off: after ten seconds, then once a minute while it goes on, with the latest cause. */
export interface PutOffLog {
  putOff(outbound: OutboundEvent, cause: Error): void;
  stop(): void;
}

export function createPutOffLog(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  sink: string,
): PutOffLog {
  let unsaid = 0;
  let latest: { readonly tenant: string; readonly err: Error } | undefined;
  let disarm: (() => void) | undefined;
  /** Whether events were put off in the whole time before this one. */
  let goesOn = false;

  function watch(forMs: number): void {
    disarm = clock.at(later(clock.monotonic(), forMs), () => {
      disarm = undefined;
      if (unsaid === 0) {
        goesOn = false;
        return;
      }
      if (goesOn || unsaid > 1)
        log.warn(
          { sink, tries: unsaid, ...latest },
          'events are put off by the network: they wait, and are sent again',
        );
      goesOn = true;
      unsaid = 0;
      watch(everyMs);
    });
  }

  return {
    putOff({ event }, cause) {
      unsaid += 1;
      latest = { tenant: event.device.tenant, err: cause };
      if (!disarm) watch(patienceMs);
    },
    stop: () => disarm?.(),
  };
}

import { later, type Clock, type Log, type OutboundEvent } from '@rollcall/core';

const everyMs = 60_000;

/** Says that a sink refuses events: at once, then once a minute while it goes on, and once when it is over. */
export interface RefusedLog {
  refused(outbound: OutboundEvent, cause: Error): void;
  stop(): void;
}

/** @param refusingTenants how many tenants there are whose latest event was refused. */
export function createRefusedLog(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  sink: string,
  refusingTenants: () => number,
): RefusedLog {
  let unsaid = 0;
  let latest: { readonly eventId: string; readonly tenant: string; readonly err: Error } | undefined;
  let disarm: (() => void) | undefined;

  function say(): void {
    log.error(
      { sink, parked: unsaid, refusingTenants: refusingTenants(), ...latest },
      'events were refused, and are parked: they are kept, and sent again at the next start',
    );
    unsaid = 0;
    disarm = clock.at(later(clock.monotonic(), everyMs), minuteOver);
  }

  function minuteOver(): void {
    disarm = undefined;
    if (unsaid > 0 || refusingTenants() > 0) say();
    else log.info({ sink }, 'no event was refused for a minute, and events are accepted again');
  }

  return {
    refused({ event }, cause) {
      unsaid += 1;
      latest = { eventId: event.id, tenant: event.device.tenant, err: cause };
      if (!disarm) say();
    },
    stop: () => disarm?.(),
  };
}

import type { Clock, Log } from '@rollcall/core/environment';
import type { OutboundEvent } from '@rollcall/core/sink';
import { createMinuteLog } from './minute-log.ts';

/** Logs that a sink refuses events: at once, then once a minute while it goes on, and once when it is over. */
export interface RefusedLog {
  refused(outbound: OutboundEvent, cause: Error): void;
  stop(): void;
}

/** @param refusingTenants how many tenants have a refused event as their latest. */
export function createRefusedLog(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  sink: string,
  refusingTenants: () => number,
): RefusedLog {
  let latest: { readonly eventId: string; readonly tenant: string; readonly err: Error } | undefined;
  const { count, stop } = createMinuteLog(clock, {
    goesOn: () => refusingTenants() > 0,
    say: (parked) =>
      log.error(
        { sink, parked, refusingTenants: refusingTenants(), ...latest },
        'events were refused, and are parked: they are kept, and sent again at the next start',
      ),
    over: () => log.info({ sink }, 'no event was refused for a minute, and events are accepted again'),
  });
  return {
    refused({ event }, cause) {
      latest = { eventId: event.id, tenant: event.device.tenant, err: cause };
      count();
    },
    stop,
  };
}

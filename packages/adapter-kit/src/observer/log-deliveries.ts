import type { Log } from '@rollcall/core/environment';
import type { AdapterObserver } from './adapter-observer.ts';

/** Logs a line for each delivery that failed, at level debug. */
export function logDeliveries(log: Log): Pick<AdapterObserver, 'retried' | 'parked'> {
  return {
    retried: (sink, _event, cause) => log.debug({ sink, err: cause }, 'event will be sent again'),
    parked: (sink, event, cause) =>
      log.debug({ sink, eventId: event.id, err: cause }, 'event was refused and is parked'),
  };
}

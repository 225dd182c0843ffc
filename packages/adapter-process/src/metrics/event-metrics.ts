import { Counter, Histogram, type Registry } from 'prom-client';
import type { AdapterObserver } from '@rollcall/adapter-kit';
import { disconnectReasons } from '@rollcall/core/events';

type Told = 'published' | 'announced' | 'delivered' | 'retried' | 'parked' | 'leftOut';

/** Connection events, from their publishing until a sink confirmed them. */
export function createEventMetrics(registry: Registry): Pick<AdapterObserver, Told> {
  const registers = [registry];
  const bySink = (name: string, help: string) => new Counter({ name, help, labelNames: ['sink'], registers });
  const events = new Counter({
    name: 'rollcall_events_total',
    help: 'Connection events, by type and reason',
    labelNames: ['type', 'reason'],
    registers,
  });
  // Prometheus sees a counter grow only once it has seen it: a storm may be the first to have its reason.
  events.inc({ type: 'connected', reason: 'none' }, 0);
  for (const reason of Object.keys(disconnectReasons)) events.inc({ type: 'disconnected', reason }, 0);
  const delivery = new Histogram({
    name: 'rollcall_event_delivery_seconds',
    help: 'Time from the observation of a change until a sink confirmed its event',
    labelNames: ['sink'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 300],
    registers,
  });
  const retried = bySink('rollcall_event_retries_total', 'Deliveries of events that have to be tried again');
  const parked = bySink('rollcall_events_parked_total', 'Events that a sink refused for good');
  const leftOut = bySink(
    'rollcall_events_coalesced_total',
    'Connected/disconnected pairs left out at the bound of the outbox',
  );
  const announcements = new Counter({
    name: 'rollcall_announcements_total',
    help: 'Open connections announced again',
    registers,
  });
  return {
    published: (event) =>
      events.inc({ type: event.type, reason: event.type === 'disconnected' ? event.reason : 'none' }),
    announced: () => announcements.inc(),
    delivered: (sink, _event, delayMs) => delivery.observe({ sink }, Math.max(0, delayMs) / 1000),
    retried: (sink) => retried.inc({ sink }),
    parked: (sink) => parked.inc({ sink }),
    leftOut: (sink) => leftOut.inc({ sink }),
  };
}

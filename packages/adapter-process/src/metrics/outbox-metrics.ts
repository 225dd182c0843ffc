import type { Clock } from '@rollcall/core/environment';
import type { ObservedState, AppMetrics } from '@rollcall/adapter-kit';
import type { SinkDepth } from '@rollcall/outbox/internal';

/** What waits for the sinks. */
export function addOutboxMetrics(
  { gauge }: AppMetrics,
  outbox: ObservedState['outbox'],
  clock: Pick<Clock, 'now'>,
): void {
  const bySink = (name: string, help: string, read: (depth: SinkDepth) => number): void =>
    gauge({ name, help, label: 'sink' }, () =>
      Object.fromEntries(outbox.depth().map((depth) => [depth.sink, read(depth)])),
    );
  bySink('rollcall_outbox_events', 'Events that wait for a sink', ({ events }) => events);
  bySink('rollcall_outbox_bytes', 'Bytes of events that wait for a sink', ({ bytes }) => bytes);
  bySink(
    'rollcall_outbox_parked',
    'Events that a sink refused for good since the adapter started',
    ({ parked }) => parked,
  );
  bySink(
    'rollcall_outbox_refusing_tenants',
    'Tenants whose latest event a sink refused for good',
    ({ refusingTenants }) => refusingTenants,
  );
  gauge(
    {
      name: 'rollcall_outbox_memory_bytes',
      help: 'Memory that events that wait take; the rest of them is in the journal',
    },
    () => outbox.memoryBytes(),
  );
  bySink('rollcall_outbox_oldest_seconds', 'Age of the event that has waited longest', ({ oldestAt }) =>
    oldestAt === undefined ? 0 : Math.max(0, clock.now() - oldestAt) / 1000,
  );
}

import { createProcessMetrics, type HealthAnswers } from '@rollcall/adapter-process/internal';
import type { ServiceState } from './service-state.ts';

/** No label holds a device or a tenant: the port needs no token for these. */
export function serviceMetrics(state: ServiceState): HealthAnswers['metrics'] {
  const metrics = createProcessMetrics('service', 'presence');
  const gauge = (name: string, help: string, read: () => number): void => metrics.gauge({ name, help }, read);
  const counter = (name: string, help: string, read: () => number): void =>
    metrics.counter({ name, help }, read);

  gauge('rollcall_presence_lag_seconds', 'How old the answers are; NaN: nothing was read yet', () => {
    const { lagMs } = state.freshness.asOf();
    return lagMs === undefined ? Number.NaN : lagMs / 1_000;
  });
  gauge('rollcall_presence_complete', 'Whether all that was open at the start was announced', () =>
    state.freshness.asOf().isComplete ? 1 : 0,
  );
  gauge('rollcall_presence_attached', 'Whether events can arrive', () => (state.progress.isAttached ? 1 : 0));
  gauge('rollcall_presence_database_away', 'Whether the database cannot be reached', () =>
    state.batches.isPausing || state.freshness.isStoreAway ? 1 : 0,
  );
  counter('rollcall_presence_events_total', 'Connection events that came', () => state.received());
  gauge('rollcall_presence_events_pending', 'Events that are not committed yet', () => state.batches.pending);
  counter(
    'rollcall_presence_events_left_out_total',
    'Events that cannot be stored',
    () => state.batches.leftOut,
  );
  gauge('rollcall_presence_watchers', 'Readers of watch', () => state.watchers.size);
  counter(
    'rollcall_presence_watchers_cut_total',
    'Readers of watch that were cut because they did not read',
    () => state.watchers.cut,
  );
  gauge(
    'rollcall_presence_requests_waiting',
    'Questions that wait for the database',
    () => state.turns.waiting,
  );
  counter(
    'rollcall_presence_connections_turned_away_total',
    'Network connections that were closed so that others have room',
    () => state.turnedAway(),
  );
  const { contentType } = metrics;
  return async () => ({ contentType, text: await metrics.render() });
}

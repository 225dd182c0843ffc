import type { DirectoryStatus } from '@rollcall/core/directory';
import type { AppMetrics, ObservedState } from '@rollcall/adapter-kit';

const statuses: readonly DirectoryStatus[] = ['in-touch', 'catching-up', 'restricted', 'away'];

/** How an adapter stands to its fleet. */
export function addDirectoryMetrics(metrics: AppMetrics, state: ObservedState['directory']): void {
  metrics.gauge(
    {
      name: 'rollcall_fleet_status',
      help: '1 for how the adapter stands to the directory of its fleet now, 0 for all else',
      label: 'status',
    },
    () => Object.fromEntries(statuses.map((each) => [each, state.status() === each ? 1 : 0])),
  );
  metrics.gauge(
    {
      name: 'rollcall_fleet_instances',
      help: 'Adapters of the fleet that give signs of life, this one too; 0 while the engine does not answer',
    },
    () => state.sight()?.instances ?? 0,
  );
  metrics.gauge(
    {
      name: 'rollcall_fleet_answer_seconds',
      help: 'How long the engine took to answer the latest sign of life; 0 while it does not answer',
    },
    () => (state.sight()?.answerMs ?? 0) / 1_000,
  );
  metrics.counter(
    {
      name: 'rollcall_fleet_answers_total',
      help: 'Connections that were entered in the directory, by its answer; `unknown`: none in time',
      label: 'answer',
    },
    () => ({ ...state.answers() }),
  );
  metrics.counter(
    {
      name: 'rollcall_fleet_events_total',
      help: 'What happened between the adapter and its fleet, e.g. `displaced`: a session was taken over elsewhere',
      label: 'event',
    },
    () => ({ ...state.counts() }),
  );
}

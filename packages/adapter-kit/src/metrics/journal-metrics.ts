import type { Journal } from '../journal/journal.ts';
import type { AppMetrics } from './app-metrics.ts';

/** What is counted of the journal itself. */
export function addJournalMetrics(
  { counter, gauge }: AppMetrics,
  journal: Pick<Journal, 'begunAnew'>,
  unread: Readonly<Record<string, number>>,
): void {
  counter(
    {
      name: 'rollcall_journal_begun_anew_total',
      help: 'Journals that were removed, replaced or overwritten while the adapter ran, and begun anew',
    },
    () => journal.begunAnew,
  );
  gauge(
    {
      name: 'rollcall_journal_unread_events',
      help: 'Events in the journal for sinks that are not configured, when the adapter started',
      label: 'sink',
    },
    () => unread,
  );
}

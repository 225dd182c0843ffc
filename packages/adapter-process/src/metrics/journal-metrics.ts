import type { ObservedState, AppMetrics } from '@rollcall/adapter-kit';

/** What is counted of the journal itself. */
export function addJournalMetrics({ counter, gauge }: AppMetrics, journal: ObservedState['journal']): void {
  gauge(
    {
      name: 'rollcall_journal_behind',
      help: '1 while events are kept in memory alone, since the journal is slow or cannot be written',
    },
    () => (journal.behind() ? 1 : 0),
  );
  counter(
    {
      name: 'rollcall_journal_begun_anew_total',
      help: 'Journals that were removed, replaced or overwritten while the adapter ran, and in whose place a new one was begun',
    },
    () => journal.begunAnew(),
  );
  gauge(
    {
      name: 'rollcall_journal_unread_events',
      help: 'Events in the journal for sinks that are not configured, when the adapter started',
      label: 'sink',
    },
    () => journal.unread,
  );
}

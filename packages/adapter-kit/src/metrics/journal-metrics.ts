import type { Journal } from '../journal/journal.ts';
import type { AppMetrics } from './app-metrics.ts';

/** What is counted of the journal itself. */
export function addJournalMetrics({ counter }: AppMetrics, journal: Pick<Journal, 'begunAnew'>): void {
  counter(
    {
      name: 'rollcall_journal_begun_anew_total',
      help: 'Journals that were removed, replaced or overwritten while the adapter ran, and begun anew',
    },
    () => journal.begunAnew,
  );
}

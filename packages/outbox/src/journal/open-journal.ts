import type { Clock, Log } from '@rollcall/core/environment';
import { createFileJournal } from './file-journal.ts';
import type { Journal } from './journal.ts';
import type { SqliteStoreOptions } from './store/sqlite-store.ts';
import { createThreadedStore } from './store/threaded-store.ts';

export interface JournalFile extends SqliteStoreOptions {
  /** The journal counts as behind once it is later than this. */
  readonly behindAfterMs: number;
}

/** Opens the journal in a file, written by a thread of its own. If it cannot be used, {@link Journal.recover} rejects. */
export function openJournal(
  { behindAfterMs, ...options }: JournalFile,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Journal {
  return createFileJournal({ store: createThreadedStore(options), clock, log, behindAfterMs });
}

import { join } from 'node:path';
import type { Clock, Log } from '@rollcall/core';
import { createFileJournal } from './file-journal.ts';
import type { Journal } from './journal.ts';
import type { SqliteStoreOptions } from './store/sqlite-store.ts';
import { createThreadedStore } from './store/threaded-store.ts';

export interface JournalSettings {
  /** Default: `file` where a directory is given. */
  readonly kind: 'file' | 'memory' | undefined;
  readonly directory: string | undefined;
  readonly durability: SqliteStoreOptions['durability'];
  readonly maxBytes: number;
  /** Longest time a device waits for it. */
  readonly commitWaitMs: number;
}

/** The journal an adapter was configured to have; `undefined`: one that ends with the process. */
export function selectJournal(
  adapterId: string,
  settings: JournalSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Journal | undefined {
  const { kind, directory, durability, maxBytes, commitWaitMs } = settings;
  if (kind === 'memory' || directory === undefined) return undefined;
  const store = createThreadedStore({ file: journalFile(directory, adapterId), durability, maxBytes });
  return createFileJournal({ store, clock, log, behindAfterMs: commitWaitMs });
}

/** Where an adapter has its journal. */
export function journalFile(directory: string, adapterId: string): string {
  return join(directory, `${adapterId}.journal`);
}

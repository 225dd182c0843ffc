import { join } from 'node:path';
import type { Clock, Log } from '@rollcall/core/environment';
import type { Journal } from './journal.ts';
import { openJournal } from './open-journal.ts';
import type { SqliteStoreOptions } from './store/sqlite-store.ts';

interface JournalSettings {
  /** Default: `file` if a directory is given. */
  readonly kind: 'file' | 'memory' | undefined;
  readonly directory: string | undefined;
  readonly durability: SqliteStoreOptions['durability'];
  readonly maxBytes: number;
  /** Longest time a device waits for it. */
  readonly commitWaitMs: number;
}

/** The journal that an adapter is configured to have; `undefined`: one in memory. */
export function selectJournal(
  adapterId: string,
  settings: JournalSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Journal | undefined {
  const { kind, directory, durability, maxBytes, commitWaitMs } = settings;
  if (kind === 'memory' || directory === undefined) return undefined;
  const file = journalFile(directory, adapterId);
  return openJournal({ file, durability, maxBytes, behindAfterMs: commitWaitMs }, { clock, log });
}

/** Where an adapter has its journal. */
export function journalFile(directory: string, adapterId: string): string {
  return join(directory, `${adapterId}.journal`);
}

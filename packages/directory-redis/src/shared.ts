import type { Log } from '@rollcall/core/environment';
import type { DirectoryContext } from '@rollcall/core/directory';
import type { Asker } from './contact/asker.ts';
import type { KeyNames } from './wire/key-names.ts';
import type { Book } from './state/book.ts';
import type { EngineTime } from './state/engine-time.ts';
import type { ForeignValues } from './state/foreign-values.ts';
import type { Self } from './state/self.ts';
import type { Tallies } from './state/tallies.ts';

/** What all parts of one directory share. */
export interface Shared {
  readonly context: DirectoryContext;
  readonly keys: KeyNames;
  readonly self: Self;
  readonly book: Book;
  readonly time: EngineTime;
  readonly asker: Asker;
  readonly foreign: ForeignValues;
  readonly tallies: Tallies;
}

/** Work that no one waits for. An error in it is a bug; it is logged, and ends nothing. */
export function unattended(log: Log, work: Promise<unknown>): void {
  work.catch((err: unknown) => log.error({ err }, 'a mistake of ours in the connection directory'));
}

import { join } from 'node:path';
import { lockFile } from './lock-file.ts';
import { makeOwnDirectory, makeOwnFile } from './own-files.ts';

/** A database that one process has at a time. Its files are for their owner alone. */
export interface OwnDatabase {
  readonly directory: string;
  /** Of its files, before the dot. */
  readonly name: string;
  /** Who may have it, for people. */
  readonly program: string;
}

/**
 * Opens what keeps something in such a database. Once that is closed, another process may have it.
 *
 * @throws Error where another process has it, or it cannot be opened.
 */
export function openOwnDatabase<Store extends { close(): Promise<void> }>(
  { directory, name, program }: OwnDatabase,
  open: (file: string) => Store,
): Store {
  makeOwnDirectory(directory);
  const lock = lockFile(join(directory, `${name}.lock`), false);
  if (!lock) throw new Error(`another ${program} uses it`);
  try {
    const file = join(directory, `${name}.db`);
    makeOwnFile(file);
    const store = open(file);
    const close = store.close.bind(store);
    return Object.assign(store, {
      async close() {
        await close();
        lock.release();
      },
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

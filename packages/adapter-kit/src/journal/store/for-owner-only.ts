import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

/**
 * Makes the journal's file where there is none, and sees to it that nobody but its owner may read it: it names devices, and has
 * the key with which the hashes of their secrets were made. SQLite gives the files beside it the same permissions; those that a
 * crash left have them from before.
 */
export function forOwnerOnly(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  for (const each of [file, `${file}-wal`, `${file}-shm`]) {
    const mode = statSync(each, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & 0o077) !== 0) chmodSync(each, 0o600);
  }
}

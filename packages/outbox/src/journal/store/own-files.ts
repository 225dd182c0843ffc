import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const ownersDirectory = 0o700;
const ownersFile = 0o600;
const others = 0o077;

/** Makes the directories that are not there, for their owner only, whatever the umask; those that are there stay as they are. */
export function makeOwnDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeOwnDirectory(dirname(directory));
  // Another process may make it at this moment; then it is there, and stays as it is.
  if (mkdirSync(directory, { recursive: true, mode: ownersDirectory }) !== undefined)
    chmodSync(directory, ownersDirectory);
}

/**
 * Makes the file of a database where there is none, and sees to it that only its owner may read it: a journal names devices,
 * and has the key with which the hashes of their secrets were made. SQLite gives the files beside it the same permissions; those
 * that a crash left have them from before.
 */
export function makeOwnFile(file: string): void {
  // Not one that is there: closing a file would release the locks that this process has on it.
  if (!existsSync(file)) {
    closeSync(openSync(file, 'a', ownersFile));
    chmodSync(file, ownersFile);
  }
  for (const each of [file, `${file}-wal`, `${file}-shm`]) {
    const mode = statSync(each, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & others) !== 0) chmodSync(each, ownersFile);
  }
}

import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const ownersDirectory = 0o700;
const ownersFile = 0o600;
const others = 0o077;

/** Makes missing directories for their owner only, whatever the umask. Existing ones stay as they are. */
export function makeOwnDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeOwnDirectory(dirname(directory));
  // Another process may have made it at this moment: then it stays as it is.
  if (mkdirSync(directory, { recursive: true, mode: ownersDirectory }) !== undefined)
    chmodSync(directory, ownersDirectory);
}

/**
 * Makes the file of a database for its owner only, if it is missing: such files name devices and have keys. SQLite gives the files
 * beside it the same permissions; those that a crash left have them from before.
 */
export function makeOwnFile(file: string): void {
  // An existing file is not opened: closing it would release the locks that this process has on it.
  if (!existsSync(file)) {
    closeSync(openSync(file, 'a', ownersFile));
    chmodSync(file, ownersFile);
  }
  for (const each of [file, `${file}-wal`, `${file}-shm`]) {
    const mode = statSync(each, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & others) !== 0) chmodSync(each, ownersFile);
  }
}

import { statSync } from 'node:fs';

/** Files of a database that is open here, and which files they were when it was opened. Plain data, for threads. */
export type OpenFiles = readonly {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}[];

/** @param file path of a database that is open, in WAL mode. */
export function openFilesOf(file: string): OpenFiles {
  return [file, `${file}-wal`, `${file}-shm`].flatMap((path) => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found ? [{ path, device: found.dev, inode: found.ino }] : [];
  });
}

/**
 * Why the database does not stand in its place any more; `undefined`: it does. SQLite goes on with a file that was removed or replaced,
 * and says nothing: what it writes then is lost with the process.
 */
export function whyOutOfPlace(files: OpenFiles): string | undefined {
  const gone = files.find(({ path, device, inode }) => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found?.dev !== device || found.ino !== inode;
  });
  return gone && `${gone.path} was removed or replaced while it was open: put it back, or start again`;
}

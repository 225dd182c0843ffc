import { statSync } from 'node:fs';

/**
 * What happened to files that are open here. `moved`: another file, or none, is in the place of one of them: writes go to
 * a file without a name. `written`: another process has written to them, or cut them off. `ruined`: both.
 */
export type FilesState = 'same' | 'moved' | 'written' | 'ruined';

/** Which files stood in their places when they were opened, and what they looked like when they were written last. */
export interface FileMarks {
  /** Whether the file that stood there at first still stands there. */
  isInPlace(path: string): boolean;
  /** @param byTime whether a changed time means that another process has written; a size that has shrunk always does. */
  compare(byTime: boolean): FilesState;
  /** This process has written to them. */
  written(): void;
}

interface Mark {
  /** Which file it is; a device of -1: there is none. */
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly time: bigint;
}

/**
 * @param contents files that are written by system calls only: their size or time shows when another process writes to them.
 * @param others files that must stay, and whose time says nothing.
 */
export function markFiles(contents: readonly string[], others: readonly string[]): FileMarks {
  const files = [...contents, ...others].map((path) => ({ path, isContent: contents.includes(path) }));
  let marks = files.map(({ path }) => markOf(path));

  return {
    isInPlace: (path) =>
      files.some((each, index) => each.path === path && isSame(markOf(path), marks[index])),
    compare(byTime) {
      let moved = false;
      let written = false;
      for (const [index, { path, isContent }] of files.entries()) {
        const [now, before] = [markOf(path), marks[index]];
        if (!isSame(now, before)) moved = true;
        else if (isContent && before && isWritten(before, now, byTime)) written = true;
      }
      if (moved) return written ? 'ruined' : 'moved';
      return written ? 'written' : 'same';
    },
    written() {
      // If a file is gone, `compare` reports it.
      marks = files.map(({ path, isContent }, index) => {
        const before = marks[index] ?? none;
        if (!isContent) return before;
        const { size, time } = markOf(path);
        return { device: before.device, inode: before.inode, size, time };
      });
    },
  };
}

const none: Mark = { device: -1n, inode: 0n, size: 0n, time: 0n };

function isSame(one: Mark, other: Mark | undefined): boolean {
  return one.device === other?.device && one.inode === other.inode;
}

function isWritten(before: Mark, now: Mark, byTime: boolean): boolean {
  return now.size < before.size || (byTime && (now.size !== before.size || now.time !== before.time));
}

function markOf(path: string): Mark {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!found) return none;
  return { device: found.dev, inode: found.ino, size: found.size, time: found.mtimeNs };
}

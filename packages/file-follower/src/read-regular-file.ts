import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { unreadable } from './file-signature.ts';

export type RegularFile =
  | { readonly status: 'read'; readonly text: string }
  | {
      readonly status: 'unusable';
      /** Begins with the path. */
      readonly problem: string;
    };

/**
 * Opens what a path names, to read it. No one is waited for: opening a pipe would else last until somebody writes to it.
 * The caller finds out whether it is a regular file.
 */
export function openAtOnce(path: string): number {
  // Windows has no such flag, and no such pipes.
  return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
}

/** The text of a small file that an operator named. Pipes, devices and directories are none: they are not read. */
export function readRegularFile(path: string, maxBytes: number): RegularFile {
  const unusable = (problem: string): RegularFile => ({ status: 'unusable', problem });
  let opened: number | undefined;
  try {
    opened = openAtOnce(path);
    const stats = fstatSync(opened);
    if (!stats.isFile()) return unusable(`${path}: is not a regular file`);
    if (stats.size > maxBytes) return unusable(`${path}: has more than ${maxBytes} bytes`);
    return { status: 'read', text: readFileSync(opened, 'utf8') };
  } catch (error) {
    return unusable(unreadable(path, error));
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

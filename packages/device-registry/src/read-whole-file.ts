import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { openAtOnce, signatureOf, unreadable } from '@rollcall/file-follower';

/** The largest registry file, in bytes. */
const maxBytes = 256 * 1024 * 1024;

export type WholeFile =
  | {
      readonly status: 'read';
      readonly bytes: Uint8Array;
      readonly signature: string;
      /** SHA-256, hexadecimal. */
      readonly digest: string;
    }
  /** Someone wrote to the file while it was read. */
  | { readonly status: 'moved' }
  | { readonly status: 'away'; readonly problem: string };

/** Reads a file that no one writes to at the same time. Blocks its thread: call it in a worker thread. */
export function readWholeFile(file: string): WholeFile {
  let opened: number | undefined;
  try {
    opened = openAtOnce(file);
    const before = fstatSync(opened, { bigint: true });
    if (!before.isFile()) return { status: 'away', problem: `${file}: is not a regular file` };
    if (before.size > maxBytes) return { status: 'away', problem: `${file}: larger than ${maxBytes} bytes` };
    const bytes = readFileSync(opened);
    const signature = signatureOf(before);
    if (signatureOf(fstatSync(opened, { bigint: true })) !== signature) return { status: 'moved' };
    return { status: 'read', bytes, signature, digest: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    return { status: 'away', problem: unreadable(file, error) };
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What the file system says of a file, through all links on its path. */
export type SeenFile =
  | {
      readonly status: 'seen';
      /** Differs once the file was written to, or another file was put in its place. */
      readonly signature: string;
      /** Milliseconds since the Unix epoch, by the clock of the machine that has the file. */
      readonly modifiedAt: number;
    }
  | { readonly status: 'away'; readonly problem: string };

export async function lookAtFile(file: string): Promise<SeenFile> {
  try {
    const stats = await stat(file, { bigint: true });
    if (!stats.isFile()) return { status: 'away', problem: `${file}: is not a regular file` };
    return { status: 'seen', signature: signatureOf(stats), modifiedAt: Number(stats.mtimeMs) };
  } catch (error) {
    return { status: 'away', problem: unreadable(file, error) };
  }
}

/** The same for several files, as if they were one: it is away while one of them is. */
export async function lookAtFiles(files: readonly string[]): Promise<SeenFile> {
  const all = await Promise.all(files.map(lookAtFile));
  const signatures: string[] = [];
  let modifiedAt = 0;
  for (const seen of all) {
    if (seen.status === 'away') return seen;
    signatures.push(seen.signature);
    modifiedAt = Math.max(modifiedAt, seen.modifiedAt);
  }
  return { status: 'seen', signature: signatures.join(' '), modifiedAt };
}

export function signatureOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

export function unreadable(file: string, error: unknown): string {
  return `${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
}

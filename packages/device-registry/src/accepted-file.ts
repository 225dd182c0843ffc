import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { unreadable } from '@rollcall/file-follower';
import { ConfigError } from '@rollcall/core';

/** Beside the registry file: the digest of what an operator said is meant as it is. */
function acceptedFile(file: string): string {
  return `${file}.accepted`;
}

/** The digest that was accepted last, if any. */
export async function readAccepted(file: string): Promise<string | undefined> {
  try {
    return (await readFile(acceptedFile(file), 'utf8')).trim();
  } catch {
    return undefined;
  }
}

/**
 * Says of a registry file, as it is now, that what is missing in it is missing on purpose: adapters hold nothing back.
 *
 * @returns its SHA-256, hexadecimal, and the file that this was left in.
 * @throws ConfigError where the one cannot be read, or the other not be written.
 */
export async function acceptRegistry(
  file: string,
): Promise<{ readonly digest: string; readonly leftIn: string }> {
  const leftIn = acceptedFile(file);
  const content = await readFile(file).catch((error: unknown) => {
    throw new ConfigError([unreadable(file, error)]);
  });
  const digest = createHash('sha256').update(content).digest('hex');
  try {
    await writeFile(leftIn, `${digest}\n`);
  } catch (error) {
    throw new ConfigError([`${leftIn}: cannot be written (${(error as NodeJS.ErrnoException).code})`]);
  }
  return { digest, leftIn };
}

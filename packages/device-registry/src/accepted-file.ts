import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { unreadable } from '@rollcall/file-follower';
import { ConfigError } from '@rollcall/core';

/** The file beside the registry file that has the digest of the content that an operator accepted. */
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
 * Accepts the present content of a registry file: what is missing in it is missing on purpose, and adapters hold nothing back.
 *
 * @returns the SHA-256 of the content, hexadecimal, and the file in which it was left for the adapters.
 * @throws ConfigError when the registry file cannot be read, or the other file cannot be written.
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

import { randomBytes } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { ConfigError } from '@rollcall/core';
import type { IdentifierRule } from '@rollcall/core/registry';
import { unreadable } from '@rollcall/file-follower';
import { parseRegistryBytes } from './parse-registry.ts';
import { readWholeFile } from './read-whole-file.ts';

/** Of a digest, and of what an editor may leave around it. */
const maxBytes = 1_000;

/** The file beside the registry file that has the digest of the content that an operator accepted. */
function acceptedFile(file: string): string {
  return `${file}.accepted`;
}

/** The digest that was accepted last, if any; or why it cannot be read. */
export async function readAccepted(
  file: string,
): Promise<{ readonly digest?: string; readonly problem?: string }> {
  const path = acceptedFile(file);
  try {
    const stats = await stat(path);
    if (!stats.isFile() || stats.size > maxBytes) return { problem: `${path}: is no digest` };
    return { digest: (await readFile(path, 'utf8')).trim() };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? {} : { problem: unreadable(path, error) };
  }
}

/**
 * Accepts the present content of a registry file: entries that are missing in it are missing on purpose, and adapters hold none back.
 *
 * @param tenantRules as those of `openFileRegistry`.
 * @returns the SHA-256 of the content, hexadecimal, and the file in which it was left for the adapters.
 * @throws ConfigError when the registry file cannot be read, no adapter would take it, or the other file cannot be written.
 */
export async function acceptRegistry(
  file: string,
  tenantRules: readonly IdentifierRule[] = [],
): Promise<{ readonly digest: string; readonly leftIn: string }> {
  const leftIn = acceptedFile(file);
  const whole = readWholeFile(file);
  if (whole.status === 'away') throw new ConfigError([whole.problem]);
  if (whole.status === 'moved') throw new ConfigError([`${file}: is being written`]);
  const parsed = parseRegistryBytes(file, whole.bytes, { saltKey: randomBytes(32), tenantRules });
  if (parsed.status === 'invalid')
    throw new ConfigError([...parsed.problems, `${file}: is not accepted, since no adapter takes it`]);
  const { digest } = whole;
  try {
    await writeFile(leftIn, `${digest}\n`);
    // Adapters run as another user than the operator, whose umask may be strict.
    await chmod(leftIn, 0o644);
  } catch (error) {
    throw new ConfigError([`${leftIn}: cannot be written (${(error as NodeJS.ErrnoException).code})`]);
  }
  return { digest, leftIn };
}

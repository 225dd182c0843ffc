import { createHash, randomBytes } from 'node:crypto';
import { hash as bcryptHash } from 'bcryptjs';
import { ConfigError } from '@rollcall/core';

/** The fields of a registry file that replace a password. */
export interface HashedPassword {
  readonly 'hash-function': 'sha-512' | 'bcrypt';
  readonly 'pwd-hash': string;
  readonly salt?: string;
}

/** Adapters refuse longer passwords, and do not compute higher costs. */
const maxBytes = 1_024;
const maxBcryptBytes = 72;
export const bcryptCosts = { min: 4, max: 12 } as const;

/**
 * Hashes a password as Eclipse Hono stores it: SHA-512 with a salt, or bcrypt if a cost is given.
 *
 * @throws ConfigError when no adapter would verify the hash.
 */
export async function hashPassword(password: string, bcryptCost?: number): Promise<HashedPassword> {
  const length = Buffer.byteLength(password);
  const limit = bcryptCost === undefined ? maxBytes : maxBcryptBytes;
  if (length === 0) throw new ConfigError(['the password is empty']);
  if (length > limit)
    throw new ConfigError([
      `the password is longer than ${limit} bytes${bcryptCost === undefined ? '' : ', of which bcrypt looks at the first only'}`,
    ]);
  if (bcryptCost !== undefined)
    return { 'hash-function': 'bcrypt', 'pwd-hash': await bcryptHash(password, bcryptCost) };
  const salt = randomBytes(16);
  return {
    'hash-function': 'sha-512',
    salt: salt.toString('base64'),
    'pwd-hash': createHash('sha512').update(salt).update(password, 'utf8').digest('base64'),
  };
}

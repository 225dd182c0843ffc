import { createHmac } from 'node:crypto';
import type { PasswordSecret, Random } from '@rollcall/core';

export interface SuccessCache {
  has(secret: PasswordSecret, password: Uint8Array): boolean;
  add(secret: PasswordSecret, password: Uint8Array): void;
}

/**
 * Remembers which password verified against which stored secret, so that a device that comes back costs no slow hash.
 *
 * Holds neither: only an HMAC of both, under a key that ends with the process. A changed secret therefore never hits; the
 * caller asks only for secrets that are enabled and valid now.
 */
export function createSuccessCache(random: Random, maxEntries: number): SuccessCache {
  const key = random.bytes(32);
  const entries = new Set<string>();

  function digest({ hashFunction, salt, pwdHash }: PasswordSecret, password: Uint8Array): string {
    // The stored parts are free of line feeds: the password, which may have any, comes last.
    return createHmac('sha256', key)
      .update(`${hashFunction}\n${salt ?? ''}\n${pwdHash}\n`)
      .update(password)
      .digest('base64');
  }

  return {
    has(secret, password) {
      const entry = digest(secret, password);
      if (!entries.delete(entry)) return false;
      // Put back at the end: the order of a Set is then that of use.
      entries.add(entry);
      return true;
    },
    add(secret, password) {
      entries.add(digest(secret, password));
      const [oldest] = entries;
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
  };
}

import { hash } from 'node:crypto';
import type { Random } from '@rollcall/core/environment';
import type { PasswordSecret } from '@rollcall/core/registry';
import { RecentMap } from '@rollcall/runtime';

export interface SuccessCache {
  /** The key for this password and this stored secret. */
  keyOf(secret: PasswordSecret, password: Uint8Array): string;
  has(key: string): boolean;
  add(key: string): void;
}

/**
 * Remembers which password matched which stored secret, so that a device that comes back costs no slow hash.
 *
 * It holds neither of them, only a keyed hash of both. The key ends with the process. A changed secret is never found;
 * the caller looks up only secrets that are enabled and valid now.
 *
 * @param maxEntries of which the latest half, by their use, is remembered for certain.
 */
export function createSuccessCache(random: Random, maxEntries: number): SuccessCache {
  const key = random.bytes(32);
  const recent = new RecentMap<string, true>(Math.max(1, Math.floor(maxEntries / 2)));

  return {
    keyOf({ hashFunction, salt, pwdHash }, password) {
      // The stored parts are free of line feeds: the password, which may have any, comes last.
      const stored = `${hashFunction}\n${salt ?? ''}\n${pwdHash}\n`;
      // SHA-512/256 cannot be extended, so the key needs no HMAC around it; and node:crypto makes an HMAC at 30 times the
      // cost of a hash, with every request of an HTTP device.
      return hash('sha512-256', Buffer.concat([key, Buffer.from(stored), password]), 'base64');
    },
    has: (entry) => recent.get(entry) !== undefined,
    add: (entry) => recent.set(entry, true),
  };
}

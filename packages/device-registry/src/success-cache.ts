import { hash } from 'node:crypto';
import type { Random } from '@rollcall/core';
import type { PasswordSecret } from '@rollcall/core/registry';

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
 * the caller asks only for secrets that are enabled and valid now.
 *
 * @param maxEntries of which the latest half, by their use, is remembered for certain.
 */
export function createSuccessCache(random: Random, maxEntries: number): SuccessCache {
  const key = random.bytes(32);
  const perGeneration = Math.max(1, Math.floor(maxEntries / 2));
  // Two generations instead of an order of use. In a Set, what is deleted at its front must be passed over by whoever asks for the
  // oldest: that took longer than the hash that is saved.
  let young = new Set<string>();
  let old = new Set<string>();

  function add(entry: string): void {
    if (young.size >= perGeneration && !young.has(entry)) {
      old = young;
      young = new Set();
    }
    young.add(entry);
  }

  return {
    keyOf({ hashFunction, salt, pwdHash }, password) {
      // The stored parts are free of line feeds: the password, which may have any, comes last.
      const stored = `${hashFunction}\n${salt ?? ''}\n${pwdHash}\n`;
      // SHA-512/256 cannot be extended, so the key needs no HMAC around it; and node:crypto makes an HMAC at 30 times the
      // cost of a hash, with every request of an HTTP device.
      return hash('sha512-256', Buffer.concat([key, Buffer.from(stored), password]), 'base64');
    },
    has(entry) {
      if (young.has(entry)) return true;
      if (!old.has(entry)) return false;
      add(entry);
      return true;
    },
    add,
  };
}

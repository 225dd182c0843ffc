import type { Clock } from '@rollcall/core';
import type { AuthenticatedDevice, AuthenticationResult } from '../authentication-result.ts';

export type Accepted = Extract<AuthenticationResult, { status: 'accepted' }>;

/** How devices were let in that may come again with the same secret, by what proved it (`ProofMark.hash`). */
export interface RecentLogins {
  /** How it would be let in now, where nothing has changed since. */
  find(hash: string): Accepted | undefined;
  add(hash: string, accepted: Accepted): void;
}

export interface RecentLoginsOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether nothing changed of what was looked up for a device. */
  isCurrent(identity: AuthenticatedDevice): boolean;
}

/** As many as passwords that are remembered, see `createPasswordVerifier`. */
const maxInGeneration = 5_000;

/**
 * An HTTP device presents its password with each request. To find out again who it is would take two hashes, three look-ups and a
 * dozen turns of promises: a sixth of what a request costs.
 *
 * Two generations: what is found need not be put in order, and what was not asked for while 5,000 others came is forgotten.
 */
export function createRecentLogins({ clock, isCurrent }: RecentLoginsOptions): RecentLogins {
  let recent = new Map<string, Accepted>();
  let older = new Map<string, Accepted>();

  function add(hash: string, accepted: Accepted): void {
    if (recent.size >= maxInGeneration) {
      older = recent;
      recent = new Map();
    }
    recent.set(hash, accepted);
  }

  return {
    add,
    find(hash) {
      const inRecent = recent.get(hash);
      const found = inRecent ?? older.get(hash);
      if (!found) return undefined;
      const { identity } = found;
      if (clock.now() >= (identity.expiresAt ?? Infinity) || !isCurrent(identity)) {
        recent.delete(hash);
        older.delete(hash);
        return undefined;
      }
      if (!inRecent) add(hash, found);
      return found;
    },
  };
}

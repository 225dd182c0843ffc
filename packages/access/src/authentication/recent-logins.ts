import type { Clock } from '@rollcall/core/environment';
import { RecentMap } from '@rollcall/runtime';
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
 */
export function createRecentLogins({ clock, isCurrent }: RecentLoginsOptions): RecentLogins {
  const recent = new RecentMap<string, Accepted>(maxInGeneration);

  return {
    add: (hash, accepted) => recent.set(hash, accepted),
    find(hash) {
      const found = recent.get(hash);
      if (!found) return undefined;
      const { identity } = found;
      if (clock.now() < (identity.expiresAt ?? Infinity) && isCurrent(identity)) return found;
      recent.delete(hash);
      return undefined;
    },
  };
}

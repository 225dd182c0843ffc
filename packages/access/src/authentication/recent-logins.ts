import type { Clock } from '@rollcall/core/environment';
import { RecentMap } from '@rollcall/runtime';
import type { AuthenticatedDevice, AuthenticationResult } from '../authentication-result.ts';

export type Accepted = Extract<AuthenticationResult, { status: 'accepted' }>;

/** How devices were let in that may come again with the same secret, by what proved it (`ProofMark.hash`) and what else they said. */
export interface RecentLogins {
  /** How it would be let in now, where nothing has changed since. */
  find(key: string): Accepted | undefined;
  add(key: string, accepted: Accepted): void;
}

export interface RecentLoginsOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether nothing changed of what was looked up for a device. */
  isCurrent(identity: AuthenticatedDevice): boolean;
  /** So many are remembered at least, and twice as many at most. */
  readonly maxInGeneration?: number;
}

/**
 * A storm is of devices that were here before, and they may be many. One takes 0.5 kB, most of which its connection keeps anyway. Where
 * there are more devices than fit, those that come in turn are not known when it is theirs again.
 */
const defaultMaxInGeneration = 100_000;

/**
 * An HTTP device presents its password with each request, and one with a session whenever it connects again. To find out again who it
 * is would take two hashes, three look-ups and a dozen turns of promises: a sixth of what a request costs, and a tenth of a connect.
 */
export function createRecentLogins({
  clock,
  isCurrent,
  maxInGeneration = defaultMaxInGeneration,
}: RecentLoginsOptions): RecentLogins {
  const recent = new RecentMap<string, Accepted>(maxInGeneration);

  return {
    add: (key, accepted) => recent.set(key, accepted),
    find(key) {
      const found = recent.get(key);
      if (!found) return undefined;
      const { identity } = found;
      if (clock.now() < (identity.expiresAt ?? Infinity) && isCurrent(identity)) return found;
      recent.delete(key);
      return undefined;
    },
  };
}

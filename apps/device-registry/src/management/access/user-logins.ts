import { hash } from 'node:crypto';
import { createFailureLimiter } from '@rollcall/access/internal';
import type { Clock } from '@rollcall/core/environment';
import type { PasswordVerifier } from '@rollcall/core/registry';
import type { TokenAnswer } from '@rollcall/http-service/tokens';
import { passwordCredentials } from '../../auth/password-credentials.ts';
import type { KnownUser } from './user-list.ts';

/** `throttled`: the client failed too often, and its password was not checked, or counts for nothing. */
export type AccessAnswer = TokenAnswer | { readonly status: 'throttled' };

export interface UserLogin {
  readonly name: string;
  readonly password: Uint8Array;
}

export interface UserLogins {
  check(login: UserLogin, known: ReadonlyMap<string, KnownUser>, remoteIp: string): Promise<AccessAnswer>;
}

export const wrongLogin: TokenAnswer = {
  status: 'refused',
  why: 'the user name or the password is wrong',
};

/** No password has this hash. With it, checking an unknown user takes as long as checking a known one. */
const nobody: KnownUser = {
  name: '',
  secret: { hashFunction: 'sha-256', pwdHash: '' },
  grant: { tenants: new Set(), scopes: new Set() },
};

interface Comparison {
  readonly user: KnownUser | undefined;
  readonly answer: Promise<AccessAnswer>;
}

/** Checks the passwords of users, and limits how often those of a name may be wrong at an address. */
export function createUserLogins({
  clock,
  verifier,
}: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly verifier: PasswordVerifier;
}): UserLogins {
  const limiter = createFailureLimiter({ clock, isShared: () => false });
  /** Tries under way, by what they present: many requests of one user at once make one try. */
  const comparisons = new Map<string, Comparison>();

  /** A try that is let through begins in the same tick: else a thousand at once would be. */
  async function decide(
    { name, password }: UserLogin,
    user: KnownUser | undefined,
    sample: KnownUser,
    address: string,
  ): Promise<AccessAnswer> {
    const trier = { address, name };
    const throttle = limiter.throttle(trier);
    if (throttle !== 'free' && throttle !== 'spare') return { status: 'throttled' };
    const attempt = limiter.begin(trier);
    let isWrong = false;
    try {
      const turn = { owner: name, isSuspect: !user };
      const verdict = await verifier.verify(passwordCredentials(name, sample.secret), password, turn);
      if (verdict === 'busy') return { status: 'unavailable' };
      if (user && verdict !== 'invalid') return { status: 'granted', grant: user.grant };
      isWrong = true;
    } finally {
      if (isWrong) attempt.failed(user !== undefined);
      else attempt.over();
    }
    // The address has too many failures: only the right password is answered otherwise.
    return throttle === 'spare' ? { status: 'throttled' } : wrongLogin;
  }

  return {
    check(login, known, remoteIp) {
      const user = known.get(login.name);
      const key = `${remoteIp}\n${hash('sha256', login.password)}\n${login.name}`;
      const same = comparisons.get(key);
      // The file of the users may have been replaced meanwhile.
      if (same && same.user === user) return same.answer;
      const sample = user ?? known.values().next().value ?? nobody;
      const answer = decide(login, user, sample, remoteIp).finally(() => {
        if (comparisons.get(key)?.answer === answer) comparisons.delete(key);
      });
      comparisons.set(key, { user, answer });
      return answer;
    },
  };
}

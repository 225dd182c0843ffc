import { createFailureLimiter } from '@rollcall/access/internal';
import type { Clock } from '@rollcall/core/environment';
import type { PasswordVerifier } from '@rollcall/core/registry';
import type { TokenAnswer, TokenCheck } from '@rollcall/http-service/tokens';
import { passwordCredentials } from '../../auth/password-credentials.ts';
import type { KnownUser } from './user-list.ts';

/** `throttled`: the client failed too often, and its password was not checked. */
type AccessAnswer = TokenAnswer | { readonly status: 'throttled' };

export interface ApiAccess {
  /** @param authorization the header of a request. */
  check(authorization: string | undefined, remoteIp: string): Promise<AccessAnswer>;
}

export interface ApiAccessParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Checks bearer tokens. */
  readonly tokens: TokenCheck;
  /** Whether requests need no login. */
  readonly open: boolean;
  /** The users of the file, read at each check: the file may be replaced. `undefined`: there is no file. */
  users(): ReadonlyMap<string, KnownUser> | undefined;
  readonly verifier: PasswordVerifier;
}

/** Longer headers are refused unread. */
const maxLength = 2_048;
const wrong: TokenAnswer = { status: 'refused', why: 'the user name or the password is wrong' };
/** No password has this hash. With it, checking an unknown user takes as long as checking a known one. */
const nobody: KnownUser = {
  name: '',
  secret: { hashFunction: 'sha-256', pwdHash: '' },
  grant: { tenants: new Set(), scopes: new Set() },
};

/** Authenticates requests by HTTP Basic (RFC 7617) or by a bearer token. */
export function createApiAccess({ clock, tokens, open, users, verifier }: ApiAccessParts): ApiAccess {
  const limiter = createFailureLimiter({ clock, isShared: () => false });
  return {
    async check(authorization, remoteIp) {
      const known = open ? undefined : users();
      if (!known || authorization === undefined || !/^Basic /i.test(authorization))
        return authorization === undefined && !open
          ? { status: 'refused', why: 'a user name and a password, or a bearer token, are needed' }
          : tokens.check(authorization);
      const login = readLogin(authorization);
      if (!login) return wrong;
      const trier = { address: remoteIp, name: login.name };
      const throttle = limiter.throttle(trier);
      if (throttle !== 'free' && throttle !== 'spare') return { status: 'throttled' };
      const user = known.get(login.name);
      const sample = user ?? { ...(known.values().next().value ?? nobody), name: login.name };
      const verdict = await verifier.verify(passwordCredentials(sample.name, sample.secret), login.password, {
        owner: login.name,
        isSuspect: !user,
      });
      if (verdict === 'busy') return { status: 'unavailable' };
      if (user && verdict !== 'invalid') return { status: 'granted', grant: user.grant };
      // Only after the comparison: many requests of one user may wait for the same one.
      limiter.failed(trier);
      return wrong;
    },
  };
}

function readLogin(authorization: string): { name: string; password: Uint8Array } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization.slice(0, maxLength + 1))?.[1];
  if (encoded === undefined || authorization.length > maxLength) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const colon = bytes.indexOf(':');
  if (colon < 0) return undefined;
  return { name: bytes.subarray(0, colon).toString('utf8'), password: bytes.subarray(colon + 1) };
}

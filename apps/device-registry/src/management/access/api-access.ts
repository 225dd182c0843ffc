import type { Clock } from '@rollcall/core/environment';
import type { PasswordVerifier } from '@rollcall/core/registry';
import type { TokenCheck } from '@rollcall/http-service/tokens';
import type { KnownUser } from './user-list.ts';
import { createUserLogins, wrongLogin, type AccessAnswer, type UserLogin } from './user-logins.ts';

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

/** Authenticates requests by HTTP Basic (RFC 7617) or by a bearer token. */
export function createApiAccess({ clock, tokens, open, users, verifier }: ApiAccessParts): ApiAccess {
  const logins = createUserLogins({ clock, verifier });
  return {
    async check(authorization, remoteIp) {
      const known = open ? undefined : users();
      if (!known || authorization === undefined || !/^Basic /i.test(authorization))
        return authorization === undefined && !open
          ? { status: 'refused', why: 'a user name and a password, or a bearer token, are needed' }
          : tokens.check(authorization);
      const login = readLogin(authorization);
      return login ? logins.check(login, known, remoteIp) : wrongLogin;
    },
  };
}

function readLogin(authorization: string): UserLogin | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization.slice(0, maxLength + 1))?.[1];
  if (encoded === undefined || authorization.length > maxLength) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const colon = bytes.indexOf(':');
  if (colon < 0) return undefined;
  return { name: bytes.subarray(0, colon).toString('utf8'), password: bytes.subarray(colon + 1) };
}

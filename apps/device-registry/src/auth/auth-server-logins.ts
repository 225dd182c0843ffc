import { fetchToken, type AuthServer, type FetchTokenContext } from './fetch-token.ts';
import type { LoginOutcome, Logins } from './identity.ts';
import { tokenIdentity, type TokenIdentityOptions } from './token-identity.ts';

export interface AuthServerLoginsOptions extends FetchTokenContext {
  readonly server: AuthServer;
  readonly tokens: Omit<TokenIdentityOptions, 'clock' | 'failed'>;
  /** Called with the reason why a login could not be decided. */
  unavailable(cause: string): void;
}

/** How many logins are checked at the auth server at a time. Each takes a connection. */
const maxUnderWay = 50;

/** Checks logins at Hono's auth server: each login here is a login there. */
export function createAuthServerLogins(options: AuthServerLoginsOptions): Logins {
  const { server, tokens, clock, unavailable } = options;
  let underWay = 0;

  return {
    async logIn(login): Promise<LoginOutcome> {
      if (underWay >= maxUnderWay) return { status: 'unavailable' };
      underWay += 1;
      try {
        const fetched = await fetchToken(server, login, options);
        if (fetched.status === 'wrong') return { status: 'wrong' };
        if (fetched.status === 'token')
          return await tokenIdentity(fetched.token, {
            ...tokens,
            clock,
            failed: (error) => unavailable(error instanceof Error ? error.message : String(error)),
          });
        unavailable(fetched.cause);
        return { status: 'unavailable' };
      } finally {
        underWay -= 1;
      }
    },
  };
}

import { randomBytes } from 'node:crypto';
import type { Credentials, PasswordVerifier } from '@rollcall/core/registry';
import type { Identity, LoginOutcome, Logins, PlainLogin } from './identity.ts';
import { passwordCredentials } from './password-credentials.ts';
import { hashedPassword, type Permissions, type PermittedUser } from './permissions.ts';
import type { Rights } from './rights.ts';

export interface LocalLoginsOptions {
  /** The present permissions of the file. */
  permissions(): Permissions;
  readonly passwords: Pick<PasswordVerifier, 'verify'>;
}

/** Checks logins by the passwords of the permissions file. */
export function createLocalLogins({ permissions, passwords }: LocalLoginsOptions): Logins {
  // An unknown name takes as long as a wrong password.
  const nobody: Credentials<'hashed-password'> = passwordCredentials('', hashedPassword(randomBytes(32)));

  return {
    async logIn({ authorizationId, username, password }: PlainLogin): Promise<LoginOutcome> {
      const known = permissions();
      const user = known.user(username);
      const verdict = await passwords.verify(user?.credentials ?? nobody, password, {
        owner: username,
        isSuspect: false,
      });
      if (verdict === 'busy') return { status: 'unavailable' };
      if (verdict === 'invalid' || !user) return { status: 'wrong' };
      return {
        status: 'accepted',
        identity: identityOf(actingAs(user, authorizationId, known), permissions),
      };
    },
  };
}

/** As in Hono: a client that may not act as another one acts as itself. */
function actingAs(user: PermittedUser, authorizationId: string, known: Permissions): string {
  const other = user.mayActAsOthers && authorizationId !== '' ? known.user(authorizationId) : undefined;
  return (other ?? user).name;
}

/** Rights that are read from the file at each request: a removed user has none. */
function identityOf(name: string, permissions: () => Permissions): Identity {
  const rights = (): Rights | undefined => permissions().user(name)?.rights;
  return {
    name,
    rights: {
      mayUse: (resource, activity) => rights()?.mayUse(resource, activity) ?? false,
      mayInvoke: (resource, operation) => rights()?.mayInvoke(resource, operation) ?? false,
    },
  };
}

import { splitUsername } from './split-username.ts';

/**
 * What of a presented user name may be logged. Devices put all kinds of things there: `auth-id@tenant:password`, the same in
 * Base64, a token. What is no user name is not logged, and nothing behind a colon that could begin a password.
 */
export function loggableUsername(username: string): string | undefined {
  const name = splitUsername(username);
  return name && `${name.authId}@${name.tenant.replace(/:.*$/s, ':…')}`;
}

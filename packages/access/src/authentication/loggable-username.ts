import { splitUsername } from './split-username.ts';

/**
 * What of a presented user name may be logged. Devices put all kinds of things there: `auth-id@tenant:password`, the same in
 * Base64, a token. What is no user name is not logged, and nothing behind a colon that could begin a password.
 */
export function loggableUsername(username: string): string | undefined {
  const name = splitUsername(username);
  return name && `${name.authId}@${loggableTenant(username)}`;
}

/** The tenant of a presented user name, within the same bounds. */
export function loggableTenant(username: string): string | undefined {
  return splitUsername(username)?.tenant.replace(/:.*$/s, ':…');
}

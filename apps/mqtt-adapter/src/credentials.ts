import { unpackLogin, type NameAndPassword } from '@rollcall/access';

/** The credentials in a CONNECT. Both user name and password must be there, see {@link unpackLogin}. */
export function presentedCredentials(
  username: string | undefined,
  password: Uint8Array | undefined,
): NameAndPassword | undefined {
  return username && password !== undefined ? unpackLogin(username, password) : undefined;
}

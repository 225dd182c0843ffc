import {
  readToken,
  unpackLogin,
  type NameAndPassword,
  type NamedToken,
  type TokenName,
} from '@rollcall/access/credentials';

/**
 * The credentials in a CONNECT: a token as the password, whatever the user name is; or user name and password, which must both be there
 * (see {@link unpackLogin}).
 */
export function presentedCredentials(
  username: string | undefined,
  password: Uint8Array | undefined,
  clientId: string,
): NamedToken | NameAndPassword | undefined {
  const token = password && readToken(Buffer.from(password).toString('latin1'), namedInClientId(clientId));
  if (token) return token;
  return username && password !== undefined ? unpackLogin(username, password) : undefined;
}

/** As in Hono: `…/<tenant>/…/<auth-id>`, e.g. `tenants/acme/devices/sensor-1`. */
function namedInClientId(clientId: string): TokenName | undefined {
  const segments = clientId.replace(/\/+$/, '').split('/');
  const [tenant, , authId] = segments.slice(-3);
  return tenant && authId ? { tenant, authId } : undefined;
}

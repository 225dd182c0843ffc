const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A name, `auth-id@tenant`, and a password. */
export interface NameAndPassword {
  readonly username: string;
  readonly password: Uint8Array;
}

/**
 * What a device means with a user name and a password. With an empty password the user name is `auth-id@tenant:password` in Base64, for
 * devices that can send only one of them (`docs/hono-compatibility.md` §6). `undefined`: then it is not.
 */
export function unpackLogin(username: string, password: Uint8Array): NameAndPassword | undefined {
  if (password.length > 0) return { username, password };
  const decoded = textOf(Buffer.from(username, 'base64'));
  if (decoded === undefined) return undefined;
  const colon = decoded.indexOf(':', decoded.indexOf('@'));
  if (colon < 0 || colon === decoded.length - 1) return undefined;
  return { username: decoded.slice(0, colon), password: Buffer.from(decoded.slice(colon + 1)) };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

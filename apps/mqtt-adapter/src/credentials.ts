const utf8 = new TextDecoder('utf-8', { fatal: true });

export interface PresentedCredentials {
  /** `auth-id@tenant`. */
  readonly username: string;
  readonly password: Uint8Array;
}

/**
 * The credentials in a CONNECT. Both user name and password must be there; with an empty password the user name may be
 * `auth-id@tenant:password` in Base64, for devices that can send only one of them (`docs/hono-compatibility.md` §6).
 */
export function presentedCredentials(
  username: string | undefined,
  password: Uint8Array | undefined,
): PresentedCredentials | undefined {
  if (!username || password === undefined) return undefined;
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

import { isUtf8 } from 'node:buffer';

export interface PresentedCredentials {
  /** `auth-id@tenant`. */
  readonly username: string;
  readonly password: Uint8Array;
}

/**
 * The credentials of an `Authorization` header (RFC 7617). `missing`: it is not there, or of a scheme that is not served
 * here; `malformed`: it is of the right scheme and means nothing.
 */
export function basicCredentials(header: string | undefined): PresentedCredentials | 'missing' | 'malformed' {
  const [, scheme, encoded] = /^([!-~]+)(?: +(\S*))?$/.exec(header ?? '') ?? [];
  if (scheme?.toLowerCase() !== 'basic') return 'missing';
  if (encoded === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return 'malformed';
  const decoded = Buffer.from(encoded, 'base64');
  const colon = decoded.indexOf(':');
  if (colon < 1 || !isUtf8(decoded.subarray(0, colon))) return 'malformed';
  return { username: decoded.toString('utf8', 0, colon), password: decoded.subarray(colon + 1) };
}

import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import { unpackLogin, type NameAndPassword } from '@rollcall/access';
import { peerCertificate } from '@rollcall/adapter-kit';

/** What a device says it is, and how it would prove it. */
export type Presented =
  | NameAndPassword
  /** In DER. */
  | { readonly certificate: Uint8Array };

/**
 * Why an `Authorization` header is no login. `missing`: it is not there, or of a scheme that is not served here; `malformed`: it is of
 * the right scheme, and means nothing; `unusable`: there is no name or no password in it.
 */
export type HeaderProblem = 'missing' | 'malformed' | 'unusable';

/**
 * What a request presents: an `Authorization` header or, without one, the certificate that the device presented to TLS.
 */
export function presentedCredentials(
  authorization: string | undefined,
  socket: Socket,
): Presented | HeaderProblem {
  const certificate = authorization === undefined ? peerCertificate(socket) : undefined;
  return certificate ? { certificate } : basicCredentials(authorization);
}

/** The credentials of an `Authorization` header (RFC 7617). */
function basicCredentials(header: string | undefined): Presented | HeaderProblem {
  const [, scheme, encoded] = /^([!-~]+)(?: +(\S*))?$/.exec(header ?? '') ?? [];
  if (scheme?.toLowerCase() !== 'basic') return 'missing';
  if (encoded === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return 'malformed';
  const decoded = Buffer.from(encoded, 'base64');
  const colon = decoded.indexOf(':');
  if (colon < 1 || !isUtf8(decoded.subarray(0, colon))) return 'unusable';
  return unpackLogin(decoded.toString('utf8', 0, colon), decoded.subarray(colon + 1)) ?? 'unusable';
}

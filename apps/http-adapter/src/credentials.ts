import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import {
  readToken,
  unpackLogin,
  type NameAndPassword,
  type NamedToken,
  type TokenName,
} from '@rollcall/access/credentials';
import { peerCertificate, type PeerCertificate } from '@rollcall/adapter-kit/listening';

/** What a device says it is, and how it would prove it. */
export type Presented = NameAndPassword | NamedToken | PeerCertificate;

/**
 * Why an `Authorization` header is no login. `missing`: it is not there, or of a scheme that is not served here; `malformed`: it is of
 * the right scheme, and means nothing; `unusable`: there is no name, or no password or token, in it.
 */
export type HeaderProblem = 'missing' | 'malformed' | 'unusable';

/**
 * What a request presents: an `Authorization` header or, without one, the certificate that the device presented to TLS.
 *
 * @param inPath whom the path names.
 */
export function presentedCredentials(
  authorization: string | undefined,
  socket: Socket,
  inPath: TokenName | undefined,
): Presented | HeaderProblem {
  if (authorization === undefined) return peerCertificate(socket) ?? 'missing';
  const [, scheme, rest] = /^([!-~]+)(?: +(\S*))?$/.exec(authorization) ?? [];
  switch (scheme?.toLowerCase()) {
    case 'basic':
      return basicCredentials(rest);
    case 'bearer':
      return readToken(rest ?? '', inPath) ?? 'unusable';
    default:
      return 'missing';
  }
}

/** A name and a password (RFC 7617). */
function basicCredentials(encoded: string | undefined): Presented | HeaderProblem {
  if (encoded === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return 'malformed';
  const decoded = Buffer.from(encoded, 'base64');
  const colon = decoded.indexOf(':');
  if (colon < 1 || !isUtf8(decoded.subarray(0, colon))) return 'unusable';
  return unpackLogin(decoded.toString('utf8', 0, colon), decoded.subarray(colon + 1)) ?? 'unusable';
}

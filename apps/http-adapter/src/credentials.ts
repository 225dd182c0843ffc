import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import { peerCertificate } from '@rollcall/adapter-kit';

/** What a device says it is, and how it would prove it. */
export type Presented =
  | {
      /** `auth-id@tenant`. */
      readonly username: string;
      readonly password: Uint8Array;
    }
  /** In DER. */
  | { readonly certificate: Uint8Array };

/**
 * What a request presents: an `Authorization` header or, without one, the certificate that the device presented to TLS.
 * `missing` and `malformed` are about the header, see {@link basicCredentials}.
 */
export function presentedCredentials(
  authorization: string | undefined,
  socket: Socket,
): Presented | 'missing' | 'malformed' {
  const certificate = authorization === undefined ? peerCertificate(socket) : undefined;
  return certificate ? { certificate } : basicCredentials(authorization);
}

/**
 * The credentials of an `Authorization` header (RFC 7617). `missing`: it is not there, or of a scheme that is not served
 * here; `malformed`: it is of the right scheme and means nothing.
 */
function basicCredentials(header: string | undefined): Presented | 'missing' | 'malformed' {
  const [, scheme, encoded] = /^([!-~]+)(?: +(\S*))?$/.exec(header ?? '') ?? [];
  if (scheme?.toLowerCase() !== 'basic') return 'missing';
  if (encoded === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return 'malformed';
  const decoded = Buffer.from(encoded, 'base64');
  const colon = decoded.indexOf(':');
  if (colon < 1 || !isUtf8(decoded.subarray(0, colon))) return 'malformed';
  return { username: decoded.toString('utf8', 0, colon), password: decoded.subarray(colon + 1) };
}

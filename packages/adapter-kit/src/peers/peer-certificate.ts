import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** What a device presented to TLS: a login for `HostAccess.authenticate`, without its origin. */
export interface PeerCertificate {
  /** In DER: the device's own, without its issuers. */
  readonly certificate: Uint8Array;
  /** The same, as TLS has parsed it. */
  readonly x509: X509Certificate;
  /** The host name that the device asked for (RFC 6066 §3), as it said it; `undefined` where it asked for none. */
  readonly serverName: string | undefined;
}

/**
 * The certificate whose key the other side has proved to hold; `undefined` where it has none, or there is no TLS.
 * It is not verified yet. Nobody has checked who signed it, or whether it is valid.
 */
export function peerCertificate(socket: Duplex): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const x509 = socket.getPeerX509Certificate();
  return x509 && { certificate: x509.raw, x509, serverName: serverNameOf(socket) };
}

function serverNameOf(socket: TLSSocket): string | undefined {
  // Node.js says false for none; its types say nothing.
  const { servername: name } = socket as { readonly servername?: unknown };
  return typeof name === 'string' && name !== '' ? name : undefined;
}

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * The certificate, in DER, whose key the other side has proved to hold; `undefined` where it has none, or there is no TLS.
 * It is not verified yet: neither whose it is, nor whether it is valid.
 */
export function peerCertificate(socket: Socket): Uint8Array | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined;
}

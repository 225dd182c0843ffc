import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** The host name that a device asked TLS for (RFC 6066 §3), as it said it; `undefined` where it asked for none, or there is no TLS. */
export function peerServerName(socket: Socket): string | undefined {
  // Node.js says false for none; its types say nothing.
  const name =
    socket instanceof TLSSocket ? (socket as { readonly servername?: unknown }).servername : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

import type { Socket } from 'node:net';

/** Both sockets of a network connection: a TLS handshake begins with one socket and ends with another. */
export function endsOf({
  remoteAddress,
  remotePort,
  localAddress,
  localPort,
}: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

import type { Socket } from 'node:net';

/** Both ends of a network connection: what a TLS handshake ends with is another socket than what it began with. */
export function endsOf({
  remoteAddress,
  remotePort,
  localAddress,
  localPort,
}: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

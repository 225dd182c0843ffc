/** What is used of a `net.Socket`: both are `undefined` once it is destroyed. */
interface RemoteSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** The peers of connections that another party makes: a balancer, or TLS on top of them. */
const standsFor = new WeakMap<RemoteSocket, RemoteSocket>();

/** From now on the socket counts as one of this peer. */
export function standFor(
  socket: RemoteSocket,
  peer: { readonly address: string; readonly port: number },
): void {
  standsFor.set(socket, { remoteAddress: peer.address, remotePort: peer.port });
}

/** A socket that continues another one, as after a TLS handshake, has the same peer. */
export function standForSame(socket: RemoteSocket, before: RemoteSocket): void {
  const peer = standsFor.get(before);
  if (peer) standsFor.set(socket, peer);
}

/** `host:port` of the other side of a socket, as the adapter sees it. */
export function peerAddress(socket: RemoteSocket): string | undefined {
  const { remotePort } = standsFor.get(socket) ?? socket;
  const remoteIp = remoteIpOf(socket);
  if (remoteIp === '' || remotePort === undefined) return undefined;
  return remoteIp.includes(':') ? `[${remoteIp}]:${remotePort}` : `${remoteIp}:${remotePort}`;
}

/** The IP address by which the peer at the other side of a socket is limited; empty where the socket is gone. */
export function remoteIpOf(socket: RemoteSocket): string {
  return (standsFor.get(socket) ?? socket).remoteAddress ?? '';
}

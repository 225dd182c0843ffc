/** What is needed of a `net.Socket`: once it is destroyed, both are gone. */
interface RemoteSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** `host:port` of the other side of a socket, as the adapter sees it. */
export function peerAddress(socket: RemoteSocket): string | undefined {
  const { remotePort } = socket;
  const remoteIp = remoteIpOf(socket);
  if (remoteIp === '' || remotePort === undefined) return undefined;
  return remoteIp.includes(':') ? `[${remoteIp}]:${remotePort}` : `${remoteIp}:${remotePort}`;
}

/** The IP address by which whoever is at the other side of a socket is limited; empty where the socket is gone. */
export function remoteIpOf({ remoteAddress }: RemoteSocket): string {
  return remoteAddress ?? '';
}

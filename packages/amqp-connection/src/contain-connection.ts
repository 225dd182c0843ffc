import type { Socket } from 'node:net';
import { containSocket, servePeer, type ServedPeer } from '@rollcall/containment';
import type rhea from 'rhea';

interface RawConnection {
  init(socket: Socket): unknown;
  _process(): void;
}

/**
 * Whatever rhea throws about one connection to the network costs this connection: it is lost, and another one is dialled. rhea catches
 * what it throws while it reads, and nothing of what it does in timers and ticks of its own, where it writes.
 */
export function containConnection(connection: rhea.Connection, peer: ServedPeer): void {
  const raw = connection as unknown as RawConnection;
  const init = raw.init.bind(raw);
  const work = raw._process.bind(raw);
  raw.init = (socket) => {
    containSocket(socket, peer);
    return init(socket);
  };
  raw._process = () => servePeer(peer, work);
}

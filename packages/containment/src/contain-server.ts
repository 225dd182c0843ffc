import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { containSocket } from './contain-socket.ts';
import { servedPeer, servePeer, type ServedPeer } from './served-peer.ts';

/**
 * Contains exceptions of the listeners of a TCP, TLS, HTTP or HTTPS server, and of its sockets. An exception costs the peer of
 * this network connection its connection, and no other. The events of the server are included because HTTP's parser emits them
 * outside the events of the socket.
 *
 * @param where a label of a metric, e.g. `mqtts`.
 */
export function containServer(
  server: EventEmitter,
  where: string,
  failed: (where: string, error: unknown) => void,
): void {
  const peers = new WeakMap<Socket, ServedPeer>();

  function peerOf(socket: Socket): ServedPeer {
    const known = peers.get(socket);
    if (known) return known;
    const peer = servedPeer(where, failed, () => socket.destroy());
    peers.set(socket, peer);
    containSocket(socket, peer);
    return peer;
  }

  const emit = server.emit.bind(server);
  server.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    const socket = socketIn(args);
    if (!socket) return emit(event, ...args);
    let heard = false;
    servePeer(peerOf(socket), () => {
      heard = emit(event, ...args);
    });
    return heard;
  };
}

/** The socket that an event is about: an argument, or the socket of a request. */
function socketIn(args: readonly unknown[]): Socket | undefined {
  for (const each of args) {
    if (each instanceof Socket) return each;
    const { socket } = (each ?? {}) as { readonly socket?: unknown };
    if (socket instanceof Socket) return socket;
  }
  return undefined;
}

import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { containSocket } from './contain-socket.ts';
import { servedPeer, servePeer, type ServedPeer } from './served-peer.ts';

/**
 * Whatever is told of a network connection serves its peer alone, be the server one of TCP, TLS, HTTP or HTTPS: what a listener of
 * the server, or of one of its sockets, throws costs this peer its connection. HTTP's parser calls listeners of the server beside
 * the events of the socket.
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

/** The connection that an event is about: itself, or that of a request. */
function socketIn(args: readonly unknown[]): Socket | undefined {
  for (const each of args) {
    if (each instanceof Socket) return each;
    const { socket } = (each ?? {}) as { readonly socket?: unknown };
    if (socket instanceof Socket) return socket;
  }
  return undefined;
}

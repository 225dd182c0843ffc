import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { containSocket } from './contain-socket.ts';
import { callForPeer, servedPeer, type ServedPeer } from './served-peer.ts';

/** On the socket itself: a weak map of ten thousand sockets is looked through at each collection of garbage. */
const containedPeer = Symbol('contained peer');

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
  function peerOf(socket: Socket & { [containedPeer]?: ServedPeer }): ServedPeer {
    const known = socket[containedPeer];
    if (known) return known;
    const peer = servedPeer(where, failed, () => socket.destroy());
    socket[containedPeer] = peer;
    containSocket(socket, peer);
    return peer;
  }

  const emit = server.emit.bind(server);
  server.emit = (...event: Parameters<typeof emit>): boolean => {
    const socket = socketIn(event);
    return socket ? (callForPeer(peerOf(socket), emit, event) ?? false) : emit(...event);
  };
}

/** The socket that an event is about: an argument, or the socket of a request. */
function socketIn(event: readonly unknown[]): Socket | undefined {
  for (const each of event) {
    if (each instanceof Socket) return each;
    const { socket } = (each ?? {}) as { readonly socket?: unknown };
    if (socket instanceof Socket) return socket;
  }
  return undefined;
}

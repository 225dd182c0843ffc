import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { servePeer, type ServedPeer } from './served-peer.ts';

/**
 * Whatever listens to this socket serves one peer: a listener that throws costs this peer its connection. Node.js would let it end
 * the process, since nobody is there to catch it. To be called before anybody listens.
 */
export function containSocket(socket: EventEmitter, peer: ServedPeer): void {
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    let heard = false;
    servePeer(peer, () => {
      heard = emit(event, ...args);
    });
    return heard;
  };
  if ('write' in socket) containWrites(socket as Writable, peer);
}

/** Node.js calls back about what was written beside the events of the socket; HTTP goes on with the next response there. */
function containWrites(socket: Writable, peer: ServedPeer): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]): boolean => {
    const written = args.at(-1);
    if (typeof written !== 'function') return write(...args);
    return write(...args.slice(0, -1), (error?: Error | null) => servePeer(peer, () => written(error)));
  };
}

import type { EventEmitter } from 'node:events';
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
}

import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { callForPeer, type ServedPeer } from './served-peer.ts';

/**
 * Contains exceptions of the listeners of a socket: they cost its peer the connection. Without this, Node.js ends the process.
 * Call it before listeners are added.
 */
export function containSocket(socket: EventEmitter, peer: ServedPeer): void {
  const emit = socket.emit.bind(socket);
  socket.emit = (...event: Parameters<typeof emit>): boolean => callForPeer(peer, emit, event) ?? false;
  if ('write' in socket) containWrites(socket as Writable, peer);
}

type Written = (error?: Error | null) => void;

/** Node.js calls the callbacks of writes outside the events of the socket. HTTP begins the next response in such a callback. */
function containWrites(socket: Writable, peer: ServedPeer): void {
  const write = socket.write.bind(socket) as (chunk: unknown, ...rest: unknown[]) => boolean;
  const contained =
    (written: Written): Written =>
    (error) =>
      callForPeer(peer, written, [error]);
  socket.write = (chunk: unknown, encoding?: unknown, written?: unknown): boolean => {
    if (typeof encoding === 'function') return write(chunk, contained(encoding as Written));
    return typeof written === 'function'
      ? write(chunk, encoding, contained(written as Written))
      : write(chunk, encoding);
  };
}

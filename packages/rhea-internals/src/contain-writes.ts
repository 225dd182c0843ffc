import type { Socket } from 'node:net';
import { containSocket, servePeer, type ServedPeer } from '@rollcall/containment';
import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/**
 * What rhea throws while it writes to a peer costs this peer. rhea catches what it throws while it reads, and nothing of what it does in
 * ticks of its own, where it writes.
 */
export function containWrites(connection: rhea.Connection, peer: ServedPeer): void {
  const raw = internalsOf(connection);
  const write = raw._process.bind(raw);
  raw._process = () => servePeer(peer, write);
}

/** The same for a connection that is dialled, with whatever its socket, or a timer, throws. */
export function containDialled(connection: rhea.Connection, peer: ServedPeer): void {
  const raw = internalsOf(connection);
  const init = raw.init.bind(raw);
  raw.init = (socket: Socket) => {
    containSocket(socket, peer);
    return init(socket);
  };
  containWrites(connection, peer);
}

import type { Socket } from 'node:net';
import { containSocket, servePeer, type ServedPeer } from '@rollcall/containment';
import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/**
 * Ends only this peer's connection when rhea throws while it writes to the peer. rhea catches what it throws while it reads, but not
 * what it throws in its own ticks, in which it writes.
 */
export function containWrites(connection: rhea.Connection, peer: ServedPeer): void {
  const raw = internalsOf(connection);
  const write = raw._process.bind(raw);
  raw._process = () => servePeer(peer, write);
}

/** The same for a connection that is dialled; it also covers what listeners of its socket and timers throw. */
export function containDialled(connection: rhea.Connection, peer: ServedPeer): void {
  const raw = internalsOf(connection);
  const init = raw.init.bind(raw);
  raw.init = (socket: Socket) => {
    containSocket(socket, peer);
    return init(socket);
  };
  containWrites(connection, peer);
}

import { peerBeingServed, servePeer, type ServedPeer } from '@rollcall/containment';
import type rhea from 'rhea';

const peers = new WeakMap<rhea.Connection, ServedPeer>();

/** Remembers that the peer that is being served now is the other end of this connection. */
export function knowPeerOf(connection: rhea.Connection): void {
  const peer = peerBeingServed();
  if (peer) peers.set(connection, peer);
}

/**
 * Works with the link of one peer while a packet of another peer, or a shared queue, is being processed. If the work throws, the
 * peer of the link loses its connection. Returns whether nothing was thrown.
 */
export function onBehalfOf(link: rhea.Sender | rhea.Receiver, work: () => void): boolean {
  const peer = peers.get(link.connection);
  if (!peer) {
    work();
    return true;
  }
  let done = false;
  servePeer(peer, () => {
    work();
    done = true;
  });
  return done;
}

import { peerBeingServed, servePeer, type ServedPeer } from '@rollcall/containment';
import type rhea from 'rhea';

const peers = new WeakMap<rhea.Connection, ServedPeer>();

/** The peer that is being served now is on the other side of this connection. */
export function knowPeerOf(connection: rhea.Connection): void {
  const peer = peerBeingServed();
  if (peer) peers.set(connection, peer);
}

/**
 * Does something with the link of one peer while another's packet, or everybody's queue, is looked after: what it throws costs the peer
 * of the link its connection. Returns whether nothing was thrown.
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

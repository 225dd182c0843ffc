import type { Exchange } from './exchange.ts';
import type { PeerState } from './peer-table.ts';

/** Up to this many entries, a list is smaller than a map, and as fast. Most devices never have more. */
const maxListed = 8;

export function exchangeOfPeer<Peer>(peer: PeerState<Peer>, id: number): Exchange<Peer> | undefined {
  if (peer.byId) return peer.byId.get(id);
  for (let each = peer.newest; each; each = each.olderOfPeer) if (each.id === id) return each;
  return undefined;
}

/** Adds an exchange whose id is not among the peer's. */
export function addToPeer<Peer>(exchange: Exchange<Peer>): void {
  const { peer } = exchange;
  peer.exchanges++;
  if (peer.byId) {
    peer.byId.set(exchange.id, exchange);
    return;
  }
  exchange.olderOfPeer = peer.newest;
  peer.newest = exchange;
  if (peer.exchanges <= maxListed) return;
  const newestFirst = [...listed(peer)];
  peer.byId = new Map(newestFirst.toReversed().map((each) => [each.id, each]));
  peer.newest = undefined;
  for (const each of newestFirst) each.olderOfPeer = undefined;
}

export function removeFromPeer<Peer>(exchange: Exchange<Peer>): void {
  const { peer } = exchange;
  peer.exchanges--;
  if (peer.byId) {
    peer.byId.delete(exchange.id);
    return;
  }
  if (peer.newest === exchange) {
    peer.newest = exchange.olderOfPeer;
    return;
  }
  for (const each of listed(peer)) if (each.olderOfPeer === exchange) each.olderOfPeer = exchange.olderOfPeer;
}

export function oldestAnsweredOfPeer<Peer>(peer: PeerState<Peer>): Exchange<Peer> | undefined {
  if (!peer.byId) return [...listed(peer)].findLast(({ phase }) => phase === 'answered');
  for (const each of peer.byId.values()) if (each.phase === 'answered') return each;
  return undefined;
}

export function exchangesOfPeer<Peer>(peer: PeerState<Peer>): Exchange<Peer>[] {
  return peer.byId ? [...peer.byId.values()] : [...listed(peer)];
}

function* listed<Peer>(peer: PeerState<Peer>): Generator<Exchange<Peer>> {
  for (let each = peer.newest; each; each = each.olderOfPeer) yield each;
}

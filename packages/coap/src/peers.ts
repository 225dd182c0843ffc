import type { Exchange } from './exchanges.ts';
import type { ProbedPath } from './path-probes.ts';
import type { Unacknowledged } from './separate-responses.ts';

/** What is known of a peer, while something is known of it. */
export interface PeerState<Peer> {
  readonly peer: Peer;
  readonly key: unknown;
  /** The id of our next message to it. Message ids are for each pair of endpoints (RFC 7252 §4.4). */
  nextId: number;
  /** Its exchanges, from the newest on: few as a rule. */
  newest: Exchange<Peer> | undefined;
  /** The same by id, once they are many, the oldest first. */
  byId: Map<number, Exchange<Peer>> | undefined;
  exchanges: number;
  working: number;
  unacknowledged: Map<number, Unacknowledged<Peer>> | undefined;
  ping: Ping | undefined;
  probed: ProbedPath | undefined;
}

interface Ping {
  readonly id: number;
  readonly answer: PromiseWithResolvers<boolean>;
  readonly stop: () => void;
}

/** Peers by their key. One that nothing is known of any more takes no room. */
export interface Peers<Peer> {
  readonly size: number;
  keyOf(peer: Peer): unknown;
  find(peer: Peer): PeerState<Peer> | undefined;
  /** As `find`, making room for it. */
  open(peer: Peer): PeerState<Peer>;
  /** Forgets a peer that nothing is known of. */
  release(state: PeerState<Peer>): void;
  all(): Iterable<PeerState<Peer>>;
}

export function createPeers<Peer>(keyOf: (peer: Peer) => unknown, random: () => number): Peers<Peer> {
  const states = new Map<unknown, PeerState<Peer>>();
  return {
    get size() {
      return states.size;
    },
    keyOf,
    find: (peer) => states.get(keyOf(peer)),
    open(peer) {
      const key = keyOf(peer);
      const known = states.get(key);
      if (known) return known;
      const state: PeerState<Peer> = {
        peer,
        key,
        nextId: Math.floor(random() * 0x1_00_00),
        newest: undefined,
        byId: undefined,
        exchanges: 0,
        working: 0,
        unacknowledged: undefined,
        ping: undefined,
        probed: undefined,
      };
      states.set(key, state);
      return state;
    },
    release(state) {
      const isAsked = state.ping !== undefined || state.probed !== undefined;
      if (state.exchanges === 0 && state.unacknowledged === undefined && !isAsked) states.delete(state.key);
    },
    all: () => states.values(),
  };
}

export function takeMessageId<Peer>(state: PeerState<Peer>): number {
  const id = state.nextId;
  state.nextId = (id + 1) & 0xffff;
  return id;
}

import type { Exchange } from './exchange.ts';
import type { ProbedPath } from './path-probes.ts';
import type { Unacknowledged } from './separate-responses.ts';

/** The state of a peer. It is kept only while there is something to keep. */
export interface PeerState<Peer> {
  readonly peer: Peer;
  readonly key: unknown;
  /** The id of our next message to it. Message ids are for each pair of endpoints (RFC 7252 §4.4). */
  nextId: number;
  /** Its exchanges, from the newest on: few as a rule. See `exchanges-of-peer.ts`. */
  newest: Exchange<Peer> | undefined;
  /** Its exchanges by id, once there are many, the oldest first. */
  byId: Map<number, Exchange<Peer>> | undefined;
  exchanges: number;
  /** How many of its exchanges are not answered yet. */
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

/** All peers by their key. A peer without state takes no memory. */
export interface PeerTable<Peer> {
  readonly size: number;
  keyOf(peer: Peer): unknown;
  find(peer: Peer): PeerState<Peer> | undefined;
  /** As `find`, but adds a peer that is not there. */
  open(peer: Peer): PeerState<Peer>;
  /** Forgets the peer, if it has no state any more. */
  release(state: PeerState<Peer>): void;
  all(): Iterable<PeerState<Peer>>;
}

export function createPeerTable<Peer>(keyOf: (peer: Peer) => unknown, random: () => number): PeerTable<Peer> {
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

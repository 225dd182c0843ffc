import type { MessageCollector } from '../wire/message-collector.ts';
import { createFairSet, type FairSet } from './fair-set.ts';
import type { Handshake } from './handshake-contract.ts';
import { addressBlocks, type Peer } from './peer.ts';

/** A client whose cookie was genuine, and whose handshake is not over. */
export interface Pending {
  readonly key: string;
  readonly peer: Peer;
  readonly startedAt: number;
  /** When the last message came that may be the client's. */
  heardAt: number;
  /** What its ClientHello began with: another random means another handshake. */
  readonly clientRandom: Buffer;
  readonly helloSequence: number;
  /** It took the place of another one of the same client. */
  readonly isRestart: boolean;
  state: PendingState;
}

/** How far a handshake has come. */
type PendingState =
  /** Next: the rest of the ClientHello. */
  | { readonly name: 'receiving-hello'; readonly collector: MessageCollector }
  /** The ClientHello names a session. Next: whether it may be resumed (`mayResume`). */
  | { readonly name: 'asking-whether-to-resume' }
  /** Our ServerHello went out; for its own states see `handshake-state.ts`. */
  | { readonly name: 'under-way'; readonly handshake: Handshake };

export function handshakeOf(pending: Pending | undefined): Handshake | undefined {
  return pending?.state.name === 'under-way' ? pending.state.handshake : undefined;
}

/**
 * How much a client has proved.
 *
 * - `failed`: it used wrong keys or sent an alert. The handshake is kept, since an attacker may have sent that in the client's
 *   name. It takes no room from others, and never changes to another standing.
 * - `cookie`: it receives what is sent to its address.
 * - `key-exchange`: it also sent a ClientKeyExchange.
 */
export type Standing = 'failed' | 'cookie' | 'key-exchange';

export interface PendingHandshakes extends Iterable<Pending> {
  readonly size: number;
  /** How many have not failed. */
  readonly underWay: number;
  get(key: string): Pending | undefined;
  /**
   * Which handshake gives way to a newcomer; `undefined` where there is room. It is the one that has proved least, and of these the
   * oldest one of the address block that holds most.
   */
  inTheWayOf(peer: Peer): Pending | undefined;
  add(pending: Pending): void;
  move(pending: Pending, to: Standing): void;
  delete(pending: Pending): void;
}

export interface PendingLimits {
  readonly maxPendingHandshakes: number;
  readonly maxPendingPerAddress: number;
  /** Whether many clients share this address: then it has no limit. */
  isShared(address: string): boolean;
}

/**
 * Anyone can make up a key exchange. When handshakes with one hold more than this part of the room, they give way first: otherwise
 * no newcomer would get as far as its own.
 */
const greatestPartOfKeyExchanges = 3 / 4;

export function createPendingHandshakes(limits: PendingLimits): PendingHandshakes {
  const byKey = new Map<string, Pending>();
  const failed = createFairSet<Pending>(2);
  const cookies = createFairSet<Pending>(2);
  const keyExchanges = createFairSet<Pending>(2);
  const sets: Readonly<Record<Standing, FairSet<Pending>>> = {
    failed,
    cookie: cookies,
    'key-exchange': keyExchanges,
  };

  function leastProved(groups: readonly string[], room: number): Pending | undefined {
    const areTooMany = keyExchanges.count(groups) > room * greatestPartOfKeyExchanges;
    return areTooMany
      ? keyExchanges.leastFair(groups)
      : (cookies.leastFair(groups) ?? keyExchanges.leastFair(groups));
  }

  return {
    get size() {
      return byKey.size;
    },
    get underWay() {
      return byKey.size - failed.size;
    },
    get: (key) => byKey.get(key),
    inTheWayOf({ address }) {
      const groups = addressBlocks(address);
      const ofAddress = cookies.count(groups) + keyExchanges.count(groups);
      if (ofAddress >= limits.maxPendingPerAddress && !limits.isShared(address))
        return leastProved(groups, limits.maxPendingPerAddress);
      if (byKey.size < limits.maxPendingHandshakes) return undefined;
      return failed.leastFair() ?? leastProved([], limits.maxPendingHandshakes);
    },
    add(pending) {
      byKey.set(pending.key, pending);
      cookies.add(pending, addressBlocks(pending.peer.address));
    },
    move(pending, to) {
      if (!cookies.delete(pending) && !(to === 'failed' && keyExchanges.delete(pending))) return;
      sets[to].add(pending, addressBlocks(pending.peer.address));
    },
    delete(pending) {
      if (byKey.get(pending.key) !== pending) return;
      byKey.delete(pending.key);
      for (const set of Object.values(sets)) set.delete(pending);
    },
    [Symbol.iterator]: () => byKey.values(),
  };
}

import type { CoapLimits } from './coap-limits.ts';
import { createDeadline, type Deadlines } from './deadlines.ts';
import {
  addToPeer,
  exchangeOfPeer,
  exchangesOfPeer,
  oldestAnsweredOfPeer,
  removeFromPeer,
} from './exchanges-of-peer.ts';
import { createLinkedList, type Linked, type LinkedList } from './linked-list.ts';
import type { Peers, PeerState } from './peers.ts';
import type { TransmissionTiming } from './transmission-timing.ts';
import type { Work } from './work.ts';

/**
 * A request that was received, remembered so that a copy of it is not taken for another (RFC 7252 §4.5). There may be millions:
 * every field costs eight bytes of each.
 */
export interface Exchange<Peer> extends Linked<Exchange<Peer>> {
  readonly peer: PeerState<Peer>;
  readonly id: number;
  readonly confirmable: boolean;
  readonly expiresAt: number;
  /** Forgotten: what its handler says is of interest to nobody. */
  phase: 'working' | 'answered' | 'forgotten';
  /**
   * The datagram that answers a copy, a character for each byte; none where it is empty. A string, since that is one small object
   * and not three, and never part of a larger buffer which it would keep alive.
   */
  repeat: string;
  /** What its handler works on. */
  work: Work<Peer> | undefined;
  olderOfPeer: Exchange<Peer> | undefined;
}

export interface Exchanges<Peer> {
  readonly size: number;
  readonly working: number;
  readonly answerBytes: number;
  /** Those that were forgotten before their time, for lack of room. */
  readonly evicted: number;
  find(peer: PeerState<Peer>, id: number, now: number): Exchange<Peer> | undefined;
  /** Remembers a request whose id cannot be found; `undefined` where there is too much work already. */
  begin(peer: PeerState<Peer>, id: number, confirmable: boolean, now: number): Exchange<Peer> | undefined;
  /** The handler works on, and copies are answered by `repeat`. */
  acknowledged(exchange: Exchange<Peer>, repeat: string): void;
  /** The handler has answered; copies are from now on answered by `repeat`. */
  answered(exchange: Exchange<Peer>, repeat: string): void;
  forgetAll(peer: PeerState<Peer>): void;
}

export interface ExchangesOptions<Peer> {
  readonly limits: CoapLimits;
  readonly timing: TransmissionTiming;
  readonly deadlines: Deadlines;
  readonly peers: Peers<Peer>;
}

/** Exchanges whose ids are taken for equally long, so that they expire in the order they came. */
interface Lane<Peer> {
  readonly lifetimeMs: number;
  readonly working: LinkedList<Exchange<Peer>>;
  readonly answered: LinkedList<Exchange<Peer>>;
}

/** What has expired takes up memory for so long at most. A timer for each would cost more than the request. */
const sweepEveryMs = 1_000;

export function createExchanges<Peer>({
  limits,
  timing,
  deadlines,
  peers,
}: ExchangesOptions<Peer>): Exchanges<Peer> {
  const confirmables = createLane<Peer>(timing.exchangeLifetimeMs);
  const others = createLane<Peer>(timing.nonLifetimeMs);
  const sweep = createDeadline(removeExpired);
  let size = 0;
  let working = 0;
  let answerBytes = 0;
  let evicted = 0;

  function laneOf({ confirmable }: Exchange<Peer>): Lane<Peer> {
    return confirmable ? confirmables : others;
  }

  function remove(exchange: Exchange<Peer>): void {
    const lane = laneOf(exchange);
    if (exchange.phase === 'working') {
      lane.working.remove(exchange);
      working--;
      exchange.peer.working--;
    } else {
      lane.answered.remove(exchange);
    }
    removeFromPeer(exchange);
    size--;
    answerBytes -= exchange.repeat.length;
    exchange.phase = 'forgotten';
    exchange.work = undefined;
  }

  function sweepBy(expiresAt: number): void {
    const at = Math.ceil(expiresAt / sweepEveryMs) * sweepEveryMs;
    if (sweep.place === -1 || at < sweep.dueAt) deadlines.set(sweep, at);
  }

  function removeExpired(now: number): void {
    for (const { working: inWork, answered } of [confirmables, others])
      for (const list of [inWork, answered]) {
        for (let { first } = list; first && first.expiresAt <= now; { first } = list) {
          remove(first);
          peers.release(first.peer);
        }
        if (list.first) sweepBy(list.first.expiresAt);
      }
  }

  function evict(exchange: Exchange<Peer> | undefined): void {
    if (exchange === undefined) return;
    evicted++;
    remove(exchange);
    peers.release(exchange.peer);
  }

  function repeatWith(exchange: Exchange<Peer>, repeat: string): void {
    answerBytes += repeat.length - exchange.repeat.length;
    exchange.repeat = repeat;
  }

  function oldestAnswered(): Exchange<Peer> | undefined {
    const confirmable = confirmables.answered.first;
    const other = others.answered.first;
    if (!confirmable || !other) return confirmable ?? other;
    const confirmableSince = confirmable.expiresAt - confirmables.lifetimeMs;
    return confirmableSince <= other.expiresAt - others.lifetimeMs ? confirmable : other;
  }

  return {
    get size() {
      return size;
    },
    get working() {
      return working;
    },
    get answerBytes() {
      return answerBytes;
    },
    get evicted() {
      return evicted;
    },
    find(peer, id, now) {
      const exchange = exchangeOfPeer(peer, id);
      return exchange === undefined || exchange.expiresAt <= now ? undefined : exchange;
    },
    begin(peer, id, confirmable, now) {
      if (working >= limits.maxWorking || peer.working >= limits.maxWorkingPerPeer) return undefined;
      const expired = exchangeOfPeer(peer, id);
      if (expired) remove(expired);
      const lane = confirmable ? confirmables : others;
      // An integer, since a fraction is an object of its own.
      const expiresAt = Math.ceil(now + lane.lifetimeMs);
      const exchange: Exchange<Peer> = {
        peer,
        id,
        confirmable,
        expiresAt,
        phase: 'working',
        repeat: '',
        work: undefined,
        before: undefined,
        after: undefined,
        olderOfPeer: undefined,
      };
      lane.working.append(exchange);
      addToPeer(exchange);
      size++;
      working++;
      peer.working++;
      if (peer.exchanges > limits.maxExchangesPerPeer) evict(oldestAnsweredOfPeer(peer));
      if (size > limits.maxExchanges) evict(oldestAnswered());
      sweepBy(expiresAt);
      return exchange;
    },
    acknowledged: repeatWith,
    answered(exchange, repeat) {
      const lane = laneOf(exchange);
      lane.working.remove(exchange);
      working--;
      exchange.peer.working--;
      exchange.phase = 'answered';
      exchange.work = undefined;
      repeatWith(exchange, repeat);
      lane.answered.append(exchange);
      for (
        let oldest = oldestAnswered();
        oldest && answerBytes > limits.maxAnswerBytes;
        oldest = oldestAnswered()
      )
        evict(oldest);
    },
    forgetAll(peer) {
      for (const exchange of exchangesOfPeer(peer)) remove(exchange);
    },
  };
}

function createLane<Peer>(lifetimeMs: number): Lane<Peer> {
  return { lifetimeMs, working: createLinkedList(), answered: createLinkedList() };
}

import type { CoapLimits } from './coap-limits.ts';
import { createDeadline, type Deadlines } from './deadlines.ts';
import { isUnanswered, type Exchange } from './exchange.ts';
import {
  addToPeer,
  exchangeOfPeer,
  exchangesOfPeer,
  oldestAnsweredOfPeer,
  removeFromPeer,
} from './exchanges-of-peer.ts';
import { createLinkedList, type LinkedList } from './linked-list.ts';
import type { PeerState, PeerTable } from './peer-table.ts';
import type { TransmissionTiming } from './transmission-timing.ts';

export interface ExchangeTableOptions<Peer> {
  readonly limits: CoapLimits;
  readonly timing: TransmissionTiming;
  readonly deadlines: Deadlines;
  readonly peers: PeerTable<Peer>;
}

/** Exchanges whose message ids stay in use for the same time: they expire in the order in which they came. */
interface ExpiryQueue<Peer> {
  readonly lifetimeMs: number;
  readonly unanswered: LinkedList<Exchange<Peer>>;
  readonly answered: LinkedList<Exchange<Peer>>;
}

/** How long an exchange that has expired may still take up memory. A timer for each would cost more than the request. */
const sweepEveryMs = 1_000;

/** The exchanges of all peers: which requests have come, and the answer to a copy of each. */
export class ExchangeTable<Peer> {
  readonly #limits: CoapLimits;
  readonly #deadlines: Deadlines;
  readonly #peers: PeerTable<Peer>;
  readonly #confirmable: ExpiryQueue<Peer>;
  readonly #nonConfirmable: ExpiryQueue<Peer>;
  readonly #sweep = createDeadline((now) => this.#removeExpired(now));
  #size = 0;
  #working = 0;
  #answerBytes = 0;
  #evicted = 0;

  constructor({ limits, timing, deadlines, peers }: ExchangeTableOptions<Peer>) {
    this.#limits = limits;
    this.#deadlines = deadlines;
    this.#peers = peers;
    this.#confirmable = createQueue(timing.exchangeLifetimeMs);
    this.#nonConfirmable = createQueue(timing.nonLifetimeMs);
  }

  get size(): number {
    return this.#size;
  }

  /** How many exchanges are not answered yet. */
  get working(): number {
    return this.#working;
  }

  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** How many exchanges were forgotten before they expired, for lack of room. */
  get evicted(): number {
    return this.#evicted;
  }

  find(peer: PeerState<Peer>, id: number, now: number): Exchange<Peer> | undefined {
    const exchange = exchangeOfPeer(peer, id);
    return exchange === undefined || exchange.expiresAt <= now ? undefined : exchange;
  }

  /** Remembers a request whose id `find` does not know; `undefined` if too many requests are unanswered already. */
  begin(peer: PeerState<Peer>, id: number, confirmable: boolean, now: number): Exchange<Peer> | undefined {
    const { maxWorking, maxWorkingPerPeer, maxExchanges, maxExchangesPerPeer } = this.#limits;
    if (this.#working >= maxWorking || peer.working >= maxWorkingPerPeer) return undefined;
    const expired = exchangeOfPeer(peer, id);
    if (expired) this.#remove(expired);
    const queue = confirmable ? this.#confirmable : this.#nonConfirmable;
    // Rounded: V8 keeps a fraction in an extra object.
    const expiresAt = Math.ceil(now + queue.lifetimeMs);
    const exchange: Exchange<Peer> = {
      peer,
      id,
      confirmable,
      expiresAt,
      phase: 'received',
      repeat: '',
      active: undefined,
      before: undefined,
      after: undefined,
      olderOfPeer: undefined,
    };
    queue.unanswered.append(exchange);
    addToPeer(exchange);
    this.#size++;
    this.#working++;
    peer.working++;
    if (peer.exchanges > maxExchangesPerPeer) this.#evict(oldestAnsweredOfPeer(peer));
    if (this.#size > maxExchanges) this.#evict(this.#oldestAnswered());
    this.#sweepBy(expiresAt);
    return exchange;
  }

  /** An empty acknowledgement went out. Copies are answered by `repeat`. */
  acknowledged(exchange: Exchange<Peer>, repeat: string): void {
    exchange.phase = 'acknowledged';
    this.#repeatWith(exchange, repeat);
  }

  /** The handler has answered. From now on copies are answered by `repeat`. */
  answered(exchange: Exchange<Peer>, repeat: string): void {
    const queue = this.#queueOf(exchange);
    queue.unanswered.remove(exchange);
    this.#working--;
    exchange.peer.working--;
    exchange.phase = 'answered';
    exchange.active = undefined;
    this.#repeatWith(exchange, repeat);
    queue.answered.append(exchange);
    while (this.#answerBytes > this.#limits.maxAnswerBytes) {
      const oldest = this.#oldestAnswered();
      if (oldest === undefined) return;
      this.#evict(oldest);
    }
  }

  forgetAll(peer: PeerState<Peer>): void {
    for (const exchange of exchangesOfPeer(peer)) this.#remove(exchange);
  }

  #queueOf({ confirmable }: Exchange<Peer>): ExpiryQueue<Peer> {
    return confirmable ? this.#confirmable : this.#nonConfirmable;
  }

  #remove(exchange: Exchange<Peer>): void {
    const queue = this.#queueOf(exchange);
    if (isUnanswered(exchange)) {
      queue.unanswered.remove(exchange);
      this.#working--;
      exchange.peer.working--;
    } else {
      queue.answered.remove(exchange);
    }
    removeFromPeer(exchange);
    this.#size--;
    this.#answerBytes -= exchange.repeat.length;
    exchange.phase = 'forgotten';
    exchange.active = undefined;
  }

  #sweepBy(expiresAt: number): void {
    const at = Math.ceil(expiresAt / sweepEveryMs) * sweepEveryMs;
    if (this.#sweep.place === -1 || at < this.#sweep.dueAt) this.#deadlines.set(this.#sweep, at);
  }

  #removeExpired(now: number): void {
    for (const { unanswered, answered } of [this.#confirmable, this.#nonConfirmable])
      for (const list of [unanswered, answered]) {
        for (let { first } = list; first && first.expiresAt <= now; { first } = list) {
          this.#remove(first);
          this.#peers.release(first.peer);
        }
        if (list.first) this.#sweepBy(list.first.expiresAt);
      }
  }

  #evict(exchange: Exchange<Peer> | undefined): void {
    if (exchange === undefined) return;
    this.#evicted++;
    this.#remove(exchange);
    this.#peers.release(exchange.peer);
  }

  #repeatWith(exchange: Exchange<Peer>, repeat: string): void {
    this.#answerBytes += repeat.length - exchange.repeat.length;
    exchange.repeat = repeat;
  }

  #oldestAnswered(): Exchange<Peer> | undefined {
    const confirmable = this.#confirmable.answered.first;
    const other = this.#nonConfirmable.answered.first;
    if (!confirmable || !other) return confirmable ?? other;
    const confirmableSince = confirmable.expiresAt - this.#confirmable.lifetimeMs;
    return confirmableSince <= other.expiresAt - this.#nonConfirmable.lifetimeMs ? confirmable : other;
  }
}

function createQueue<Peer>(lifetimeMs: number): ExpiryQueue<Peer> {
  return { lifetimeMs, unanswered: createLinkedList(), answered: createLinkedList() };
}

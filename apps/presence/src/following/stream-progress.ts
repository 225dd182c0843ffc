import type { Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

export interface StreamProgressOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Events that the network sends before some are confirmed. */
  readonly credit: number;
}

/**
 * How far the stream was read: everything that reached the network before is in the database. AMQP does not say when a queue is
 * empty. It is known from this: a network that has more sends as much as it may. So where less than the credit was under way for a
 * whole turn of the watch, nothing waits at the network. Where more waits, the oldest event of a batch says how far it is.
 */
export class StreamProgress {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #credit: number;
  /** When those that are not committed came, by a number for each. */
  readonly #pending = new Map<number, Timestamp>();
  #next = 0;
  #mostPending = 0;
  #isAttached = false;
  /** Attached for the whole of the turn that is under way. */
  #isWholeTurn = false;
  #readThrough: Timestamp | undefined;

  constructor({ clock, credit }: StreamProgressOptions) {
    this.#clock = clock;
    this.#credit = credit;
  }

  attached(isAttached: boolean): void {
    this.#isAttached = isAttached;
    if (!isAttached) this.#isWholeTurn = false;
  }

  /** An event came. The result is called when it is committed, or given back. */
  received(): () => void {
    const number = (this.#next += 1);
    this.#pending.set(number, this.#clock.now());
    this.#mostPending = Math.max(this.#mostPending, this.#pending.size);
    return () => void this.#pending.delete(number);
  }

  /** @param oldestAt of a batch that was committed: the oldest change that is no announcement. */
  committed(oldestAt: Timestamp): void {
    this.#reachedTo(Math.min(oldestAt, this.#clock.now()) as Timestamp);
  }

  /** A turn of the watch is over; to be called a few times a second. */
  turn(): void {
    const isCaughtUp = this.#isWholeTurn && this.#mostPending < this.#credit;
    const [oldest] = this.#pending.values();
    if (isCaughtUp) this.#reachedTo(oldest ?? this.#clock.now());
    this.#isWholeTurn = this.#isAttached;
    this.#mostPending = this.#pending.size;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** `undefined`: nothing was read yet. */
  get readThrough(): Timestamp | undefined {
    return this.#readThrough;
  }

  #reachedTo(at: Timestamp): void {
    if (this.#readThrough === undefined || at > this.#readThrough) this.#readThrough = at;
  }
}

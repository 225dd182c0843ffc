import type { Instant, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

export interface StreamProgressOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** How many events the network sends before some are confirmed. */
  readonly credit: number;
}

/** A turn that takes longer says nothing: this process stood still, and events may be on the way to it that came to the network before. */
const longestTurnMs = 1_000;

/**
 * How far the stream was read: everything that reached the network before is in the database. AMQP does not say when a queue is
 * empty. But a network that has more events sends as many as it may. So if less than the credit was under way for a
 * whole turn of the watch, nothing waits at the network. If more waits, the oldest event of a batch shows how far the stream was read.
 */
export class StreamProgress {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #credit: number;
  /** When each uncommitted event came, by its number. */
  readonly #pending = new Map<number, Timestamp>();
  #next = 0;
  #mostPending = 0;
  #isAttached = false;
  /** Whether the link has been attached for the whole present turn. */
  #isWholeTurn = false;
  /** When the present turn began. */
  #turnFrom: { readonly at: Timestamp; readonly monotonic: Instant };
  #readThrough: Timestamp | undefined;

  constructor({ clock, credit }: StreamProgressOptions) {
    this.#clock = clock;
    this.#credit = credit;
    this.#turnFrom = { at: clock.now(), monotonic: clock.monotonic() };
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
    const isCaughtUp = this.#isWholeTurn && !this.#hasStoodStill() && this.#mostPending < this.#credit;
    const [oldest] = this.#pending.values();
    if (isCaughtUp) this.#reachedTo(oldest ?? this.#clock.now());
    this.#isWholeTurn = this.#isAttached;
    this.#mostPending = this.#pending.size;
    this.#turnFrom = { at: this.#clock.now(), monotonic: this.#clock.monotonic() };
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** `undefined`: nothing was read yet. */
  get readThrough(): Timestamp | undefined {
    return this.#readThrough;
  }

  /** One clock goes on while the process is stopped, and the other also while its machine sleeps. */
  #hasStoodStill(): boolean {
    const { at, monotonic } = this.#turnFrom;
    return this.#clock.now() - at > longestTurnMs || this.#clock.monotonic() - monotonic > longestTurnMs;
  }

  #reachedTo(at: Timestamp): void {
    if (this.#readThrough === undefined || at > this.#readThrough) this.#readThrough = at;
  }
}

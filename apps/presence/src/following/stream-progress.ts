import type { Instant, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

export interface StreamProgressOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** How many events the network sends before some are confirmed. */
  readonly credit: number;
  /** Whether the events come from several queues. Those of one may then wait while those of another come at once. */
  readonly hasSeveralQueues?: boolean;
}

interface BothClocks {
  readonly at: Timestamp;
  readonly monotonic: Instant;
}

/** An interval that takes longer shows nothing: this process was stopped, and may still have to read events that came meanwhile. */
const maxIntervalMs = 1_000;
/** By how much less the wall clock may advance than the monotonic clock before it counts as set back. */
const minStepBackMs = 100;

/**
 * How far the stream was read: everything that reached the network before that time is in the database. AMQP does not say when a queue
 * is empty. But a network that has more events sends as many as the credit allows. So if fewer events than the credit were uncommitted
 * during a whole interval between two checks, no event waits at the network. If events do wait there, the oldest event of a committed
 * batch shows how far the stream was read. With several queues it shows that of some only, so it shows nothing.
 */
export class StreamProgress {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #credit: number;
  readonly #hasSeveralQueues: boolean;
  /** When each uncommitted event came, by its number. */
  readonly #pending = new Map<number, Timestamp>();
  #next = 0;
  #mostPending = 0;
  #isAttached = false;
  /** Whether the link has been attached since the latest check. */
  #wasAttached = false;
  /** The time of the latest check. */
  #lastCheck: BothClocks;
  #readThrough: Timestamp | undefined;

  constructor({ clock, credit, hasSeveralQueues = false }: StreamProgressOptions) {
    this.#clock = clock;
    this.#credit = credit;
    this.#hasSeveralQueues = hasSeveralQueues;
    this.#lastCheck = { at: clock.now(), monotonic: clock.monotonic() };
  }

  attached(isAttached: boolean): void {
    this.#isAttached = isAttached;
    if (!isAttached) this.#wasAttached = false;
  }

  /** An event came. @returns a function to call when the event is committed, or returned to the network. */
  received(): () => void {
    const number = (this.#next += 1);
    this.#pending.set(number, this.#clock.now());
    this.#mostPending = Math.max(this.#mostPending, this.#pending.size);
    return () => void this.#pending.delete(number);
  }

  /** A batch was committed. @param oldestAt the time of its oldest change; announcements do not count. */
  committed(oldestAt: Timestamp): void {
    if (!this.#hasSeveralQueues) this.#advanceTo(Math.min(oldestAt, this.#clock.now()) as Timestamp);
  }

  /** To be called a few times a second. */
  check(): void {
    // The clocks are read once: if the process is stopped at a later statement, the next check must see that.
    const now = { at: this.#clock.now(), monotonic: this.#clock.monotonic() };
    this.#followStepBack(now);
    const isCaughtUp = this.#wasAttached && !this.#wasSuspended(now) && this.#mostPending < this.#credit;
    const [oldest] = this.#pending.values();
    if (isCaughtUp) this.#advanceTo(oldest ?? now.at);
    this.#wasAttached = this.#isAttached;
    this.#mostPending = this.#pending.size;
    this.#lastCheck = now;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** `undefined`: nothing was read yet. */
  get readThrough(): Timestamp | undefined {
    return this.#readThrough;
  }

  /** The wall clock also runs while the machine sleeps. The monotonic clock cannot be set back. */
  #wasSuspended(now: BothClocks): boolean {
    const { at, monotonic } = this.#lastCheck;
    return now.at - at > maxIntervalMs || now.monotonic - monotonic > maxIntervalMs;
  }

  /** After the wall clock was set back, times that it showed before are too late. */
  #followStepBack(now: BothClocks): void {
    const { at, monotonic } = this.#lastCheck;
    const byMs = now.at - at - (now.monotonic - monotonic);
    if (byMs > -minStepBackMs) return;
    const earlier = (each: Timestamp): Timestamp => Math.floor(each + byMs) as Timestamp;
    if (this.#readThrough !== undefined) this.#readThrough = earlier(this.#readThrough);
    for (const [number, came] of this.#pending) this.#pending.set(number, earlier(came));
  }

  #advanceTo(at: Timestamp): void {
    if (this.#readThrough === undefined || at > this.#readThrough) this.#readThrough = at;
  }
}

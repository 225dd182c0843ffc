import type { Instant, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

export interface StreamProgressOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** How many messages the network sends from one queue before some are confirmed. */
  readonly credit: number;
  /** Whether the events come from several queues. Those of one may then wait while those of another come at once. */
  readonly hasSeveralQueues?: boolean;
}

/** What is known of a message when it comes. */
export interface Arrival {
  /** The queue it comes from, where there are several; absent: it may be any of them. */
  readonly queue?: string;
  /** When it was sent, by the clock of its sender; absent: it repeats something old, or has no time. */
  readonly sentAt?: Timestamp;
}

/** What came from one queue since the latest check. */
interface Flow {
  unsettled: number;
  /** How many messages were unsettled at the latest check. */
  before: number;
  arrived: number;
  newest: Timestamp | undefined;
}

interface BothClocks {
  readonly at: Timestamp;
  readonly monotonic: Instant;
}

/** An interval that takes longer shows nothing: this process was stopped, and may still have to read events that came meanwhile. */
const maxIntervalMs = 1_000;
/** By how much less the wall clock may advance than the monotonic clock before it counts as set back. */
const minStepBackMs = 100;
/** A network may need so long until it begins to send on a new link. */
const minAttachedMs = 500;
/** Messages that were all sent so long ago had to wait, if there are many of them. */
const oldMs = 5_000;
/** Which part of the credit is many. Fewer may be the late messages of an adapter, or one whose clock is behind. */
const manyOfCredit = 1 / 4;
/** For messages of which it is not known where they come from. */
const anyQueue = '';

/**
 * How far the stream was read: everything that reached the network before that time is in the database. AMQP does not say when a queue
 * is empty. But a network that has more messages sends as many as the credit allows, and each settled one renews the credit. So if the
 * messages that were unsettled at a check, and those that came until the next one, are fewer than the credit, the network had credit
 * left: nothing waits there. Every message counts, whatever it is: events may wait behind it. If events do wait, the oldest event of a
 * committed batch shows how far the stream was read. With several queues it shows that of some only, so it shows nothing.
 */
export class StreamProgress {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #credit: number;
  readonly #hasSeveralQueues: boolean;
  /** When each uncommitted event came, by its number. */
  readonly #pending = new Map<number, Timestamp>();
  #next = 0;
  /** Of all queues. More are not handled at a time, so others may have come that do not show here. */
  #mostPending = 0;
  readonly #flows = new Map<string, Flow>();
  /** When the link was attached. */
  #attachedAt: Instant | undefined;
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
    this.#attachedAt = isAttached ? this.#clock.monotonic() : undefined;
    if (!isAttached) this.#wasAttached = false;
  }

  /** A message came. @returns a function to call when it is committed, not wanted, or returned to the network. */
  received({ queue, sentAt }: Arrival = {}): () => void {
    const flow = this.#flowOf((this.#hasSeveralQueues ? queue : undefined) ?? anyQueue);
    flow.arrived += 1;
    flow.unsettled += 1;
    if (sentAt !== undefined && (flow.newest === undefined || sentAt > flow.newest)) flow.newest = sentAt;
    const number = (this.#next += 1);
    this.#pending.set(number, this.#clock.now());
    this.#mostPending = Math.max(this.#mostPending, this.#pending.size);
    return () => {
      if (this.#pending.delete(number)) flow.unsettled -= 1;
    };
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
    const isSending = this.#wasAttached && now.monotonic - (this.#attachedAt ?? Infinity) >= minAttachedMs;
    const isCaughtUp = isSending && !this.#wasSuspended(now) && !this.#mayMoreWait();
    const [oldest] = this.#pending.values();
    if (isCaughtUp) this.#advanceTo(oldest ?? now.at);
    this.#wasAttached = this.isAttached;
    this.#mostPending = this.#pending.size;
    this.#beginFlows();
    this.#lastCheck = now;
  }

  get isAttached(): boolean {
    return this.#attachedAt !== undefined;
  }

  /** `undefined`: nothing was read yet. */
  get readThrough(): Timestamp | undefined {
    return this.#readThrough;
  }

  #flowOf(queue: string): Flow {
    const flow = this.#flows.get(queue) ?? { unsettled: 0, before: 0, arrived: 0, newest: undefined };
    this.#flows.set(queue, flow);
    return flow;
  }

  /** Whether messages may wait at the network. */
  #mayMoreWait(): boolean {
    if (this.#mostPending >= this.#credit) return true;
    const { before = 0, arrived = 0 } = this.#flows.get(anyQueue) ?? {};
    return [...this.#flows].some(([queue, flow]) => {
      const others = queue === anyQueue ? 0 : before + arrived;
      return flow.before + flow.arrived + others >= this.#credit || this.#isLate(flow);
    });
  }

  /** A network may send slowly what waited there. */
  #isLate({ arrived, newest }: Flow): boolean {
    const isOld = newest !== undefined && newest < this.#lastCheck.at - oldMs;
    return isOld && arrived >= this.#credit * manyOfCredit;
  }

  /** The flow objects stay the same: messages that are under way count down in them. */
  #beginFlows(): void {
    for (const [queue, flow] of this.#flows)
      if (flow.unsettled === 0) this.#flows.delete(queue);
      else {
        flow.before = flow.unsettled;
        flow.arrived = 0;
        flow.newest = undefined;
      }
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

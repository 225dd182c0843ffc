import type { SendOutcome } from '@rollcall/amqp-connection';
import { createFifo } from '@rollcall/amqp-connection/internal';
import { createMinuteGate, type MinuteGate } from '@rollcall/containment';
import { sleep, type Clock, type Instant, type Log } from '@rollcall/core';
import type { Notification } from './notification.ts';

/** What takes notifications to their subscribers. */
export interface NotificationLink {
  /** Resolves once sending can be tried; rejects when `signal` aborts. */
  whenConnected(signal: AbortSignal): Promise<void>;
  /** Never rejects. */
  send(notification: Notification): Promise<SendOutcome>;
}

export interface LaneOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly link: NotificationLink;
  /** Notifications that may wait; where there are more, the oldest are dropped. */
  readonly maxWaiting: number;
}

export interface LaneCounts {
  readonly sent: number;
  readonly dropped: number;
  readonly waiting: number;
}

interface Waiting {
  readonly notification: Notification;
  readonly since: Instant;
}

/**
 * Where the network is there and nobody subscribes, a notification is of no use after that time: what an adapter has read before is
 * forgotten by then (`docs/registry.md`).
 */
const usefulMs = 600_000;
const firstDelayMs = 200;
/** An address that someone begins to listen to does not always say so. */
const maxDelayMs = 2_000;

/** The notifications of one address: in order, each at least once, and as long as it takes while the network is away. */
export class NotificationLane {
  readonly #options: LaneOptions;
  readonly #stopping = new AbortController();
  readonly #gate: MinuteGate;
  readonly #waiting = createFifo<Waiting>();
  /** Ends the pause before the next try. */
  #pause = new AbortController();
  #running: Promise<void> | undefined;
  #sent = 0;
  #dropped = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#gate = createMinuteGate(options.clock);
  }

  get counts(): LaneCounts {
    return { sent: this.#sent, dropped: this.#dropped, waiting: this.#waiting.length };
  }

  /** Never throws, and takes no time of the caller. */
  push(notification: Notification): void {
    if (this.#stopping.signal.aborted) return;
    const { clock, maxWaiting } = this.#options;
    if (this.#waiting.length >= maxWaiting) this.#dropFirst('too many wait');
    this.#waiting.push({ notification, since: clock.monotonic() });
    this.#running ??= this.#sendAll().finally(() => (this.#running = undefined));
  }

  /** Resolves once all that was published is sent, or dropped. */
  async drained(): Promise<void> {
    await this.#running;
  }

  /** The next try may succeed: it is made now. */
  wake(): void {
    this.#pause.abort();
  }

  /** Drops what waits. */
  stop(): void {
    this.#stopping.abort();
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, link } = this.#options;
    let delayMs = firstDelayMs;
    while (this.#waiting.length > 0) {
      const isConnected = await link.whenConnected(signal).then(
        () => true,
        () => false,
      );
      const next = this.#waiting.first();
      if (!isConnected || !next) return;
      if (this.#isOver(next, await link.send(next.notification))) {
        delayMs = firstDelayMs;
        continue;
      }
      this.#pause = new AbortController();
      await sleep(clock, delayMs, AbortSignal.any([signal, this.#pause.signal]));
      if (signal.aborted) return;
      delayMs = Math.min(2 * delayMs, maxDelayMs);
    }
  }

  /** Whether nothing more is to be done for this notification. */
  #isOver(sent: Waiting, outcome: SendOutcome): boolean {
    const isFirst = this.#waiting.first() === sent;
    if (outcome.status === 'accepted') {
      this.#sent += 1;
      // It may have been dropped for want of room meanwhile.
      if (isFirst) this.#waiting.shift();
      return true;
    }
    if (!isFirst) return true;
    if (outcome.status === 'rejected') {
      this.#dropFirst('rejected');
      return true;
    }
    return isUnheard(outcome) && this.#dropOld(outcome.status);
  }

  /** All of them together: to try each would take longer than new ones take to come. @returns whether there were any. */
  #dropOld(why: string): boolean {
    const limit = this.#options.clock.monotonic() - usefulMs;
    const before = this.#dropped;
    while ((this.#waiting.first()?.since ?? Infinity) <= limit) this.#dropFirst(why);
    return this.#dropped > before;
  }

  #dropFirst(why: string): void {
    this.#waiting.shift();
    this.#dropped += 1;
    const heldBack = this.#gate.pass();
    if (heldBack !== undefined)
      this.#options.log.warn(
        { why, dropped: heldBack + 1 },
        'changes of the registry could not be told to adapters: they learn of them when what they remember expires',
      );
  }
}

/** The network is there, and nobody subscribes, or it has no such address. */
function isUnheard(outcome: SendOutcome): boolean {
  if (outcome.status === 'attach-refused') return outcome.unanswered !== true;
  return ['no-credit', 'released', 'modified'].includes(outcome.status);
}

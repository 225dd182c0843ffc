import type { SendOutcome } from '@rollcall/amqp-connection/links';
import { createMinuteGate, type MinuteGate } from '@rollcall/containment';
import type { Instant } from '@rollcall/core';
import { later, sleep, type Clock, type Log } from '@rollcall/core/environment';
import type { ChangeOutbox, ChangeSubject, KeptChange } from '../store/change-outbox.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { notificationOf, type Notification } from './notification.ts';

/** Sends notifications to their subscribers. */
export interface NotificationLink {
  connected(): boolean;
  /** Resolves once sending can be tried; rejects when `signal` aborts. */
  whenConnected(signal: AbortSignal): Promise<void>;
  /** Never rejects. */
  send(notification: Notification): Promise<SendOutcome>;
}

export interface LaneOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly link: NotificationLink;
  readonly outbox: ChangeOutbox;
  /** How many changes may wait. Beyond, the oldest are dropped. */
  readonly maxKept: number;
  /** Called with errors other than outages of the database. */
  failed(where: string, error: unknown): void;
}

export interface LaneCounts {
  readonly sent: number;
  readonly dropped: number;
  /** The number at the latest check. */
  readonly waiting: number;
}

/**
 * While nobody subscribes, a notification is useless after this time: by then, adapters no longer use what they have read before the
 * change (`docs/registry.md`).
 */
const usefulMs = 600_000;
/** No adapter caches an answer for longer. */
const maxAgeMs = 86_400_000;
const firstDelayMs = 200;
/** Networks do not always report that an address has a subscriber, so sending is tried at least this often. */
const maxDelayMs = 2_000;
/** How many changes are read and removed together. */
const batchSize = 100;

/** How a batch ended. `unsent`: the outcome of the first one that was not sent. */
type BatchResult = { readonly upTo: number; readonly unsent?: SendOutcome };

/** Sends the notifications of one address in order, each at least once. While the network is unavailable, it tries again. */
export class NotificationLane {
  readonly #options: LaneOptions;
  readonly #subject: ChangeSubject;
  readonly #stopping = new AbortController();
  readonly #gate: MinuteGate;
  /** Ends the pause before the next try. */
  #pause = new AbortController();
  #running: Promise<void> | undefined;
  /** Whether there may be unread changes. */
  #isAsked = false;
  /** All changes up to this number were sent. They may still be stored. */
  #sentUpTo = 0;
  /** All changes up to this number were removed from the store. */
  #removedUpTo = 0;
  /** Since when the network has answered that there is no subscriber. */
  #unsubscribedSince: Instant | undefined;
  #isRefused = false;
  #sent = 0;
  #dropped = 0;
  #waiting = 0;

  constructor(subject: ChangeSubject, options: LaneOptions) {
    this.#subject = subject;
    this.#options = options;
    this.#gate = createMinuteGate(options.clock);
  }

  get counts(): LaneCounts {
    return { sent: this.#sent, dropped: this.#dropped, waiting: this.#waiting };
  }

  /** Whether the network refuses messages to this address. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** To be called when there are changes to send. Never throws, and does not wait. */
  ask(): void {
    if (this.#stopping.signal.aborted) return;
    this.#isAsked = true;
    this.#running ??= this.#runContained();
  }

  /** Ends the pause: the next try may succeed. */
  wake(): void {
    this.#pause.abort();
  }

  /** Checks how many changes wait, drops those that wait for too long, and sends the rest. */
  async look(): Promise<void> {
    const { outbox, clock, maxKept } = this.#options;
    const { waiting, oldestAt } = await outbox.figures(this.#subject);
    this.#waiting = waiting;
    const from = clock.now() - maxAgeMs;
    if (waiting > maxKept) await this.#drop('too many wait', { maxKept, from });
    else if (oldestAt !== undefined && oldestAt < from) await this.#drop('too old', { maxKept, from });
    if (waiting > 0) this.ask();
  }

  /** Resolves once all changes are sent, or dropped, or another replica sends them. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Stops. Changes that wait are sent after the next start. */
  stop(): void {
    this.#isAsked = false;
    this.#stopping.abort();
  }

  async #runContained(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      // The next check asks again.
      this.#isAsked = false;
      this.#options.failed('notifications', error);
    }
    this.#running = undefined;
    if (this.#isAsked) this.ask();
  }

  async #run(): Promise<void> {
    const { link } = this.#options;
    const { signal } = this.#stopping;
    let delayMs = firstDelayMs;
    while (this.#isAsked && !signal.aborted) {
      if (!link.connected()) await this.#giveTurn();
      const isConnected = await link.whenConnected(signal).then(
        () => true,
        () => false,
      );
      if (!isConnected) return;
      this.#isAsked = false;
      if (await this.#sendAll()) {
        delayMs = firstDelayMs;
        continue;
      }
      this.#isAsked = true;
      await this.#pauseFor(delayMs);
      delayMs = Math.min(2 * delayMs, maxDelayMs);
    }
  }

  /** @returns whether nothing is left for this replica to send. */
  async #sendAll(): Promise<boolean> {
    const { outbox } = this.#options;
    try {
      while (await outbox.takeTurn()) {
        if (this.#stopping.signal.aborted) return true;
        const batch = await outbox.first(this.#subject, this.#sentUpTo, batchSize);
        if (batch.length === 0) {
          await this.#removeSent();
          break;
        }
        const { upTo, unsent } = await this.#sendBatch(batch);
        this.#sentUpTo = upTo;
        await this.#removeSent();
        if (unsent && !(await this.#isOver(unsent))) return false;
      }
      this.#waiting = (await outbox.figures(this.#subject)).waiting;
      return true;
    } catch (error) {
      // Changes that were sent and could not be removed are not sent again, unless this process ends.
      if (error instanceof StoreUnavailable) return false;
      throw error;
    }
  }

  /** Removes sent changes, so that no process sends them again. */
  async #removeSent(): Promise<void> {
    if (this.#sentUpTo === this.#removedUpTo) return;
    await this.#options.outbox.remove(this.#subject, this.#sentUpTo);
    this.#removedUpTo = this.#sentUpTo;
  }

  async #sendBatch(batch: readonly KeptChange[]): Promise<BatchResult> {
    let upTo = this.#sentUpTo;
    for (const { number, at, change } of batch) {
      const outcome = await this.#options.link.send(notificationOf(change, at));
      this.#noteOutcome(outcome);
      if (outcome.status === 'accepted') this.#sent += 1;
      else if (outcome.status === 'rejected') this.#noteDropped('rejected', 1);
      else return { upTo, unsent: outcome };
      upTo = number;
    }
    return { upTo };
  }

  #noteOutcome(outcome: SendOutcome): void {
    this.#isRefused = outcome.status === 'attach-refused' && outcome.unanswered !== true;
    const { clock } = this.#options;
    this.#unsubscribedSince = hasNoSubscriber(outcome)
      ? (this.#unsubscribedSince ?? clock.monotonic())
      : undefined;
  }

  /** Drops the waiting changes if there was no subscriber for too long. @returns whether it did: then the next change is tried at once. */
  async #isOver({ status }: SendOutcome): Promise<boolean> {
    const { clock } = this.#options;
    if (this.#unsubscribedSince === undefined) return false;
    if (clock.monotonic() < later(this.#unsubscribedSince, usefulMs)) return false;
    const before = this.#dropped;
    await this.#drop(status, { maxKept: Number.MAX_SAFE_INTEGER, from: clock.now() - usefulMs });
    return this.#dropped > before;
  }

  async #drop(why: string, bounds: { readonly maxKept: number; readonly from: number }): Promise<void> {
    const removed = await this.#options.outbox.removeBeyond(this.#subject, bounds);
    this.#waiting = Math.max(0, this.#waiting - removed);
    if (removed > 0) this.#noteDropped(why, removed);
  }

  #noteDropped(why: string, count: number): void {
    this.#dropped += count;
    if (this.#gate.pass() === undefined) return;
    this.#options.log.warn(
      { why, dropped: count, droppedSinceStart: this.#dropped },
      'changes of the registry could not be told to adapters: they learn of them when what they remember expires',
    );
  }

  async #giveTurn(): Promise<void> {
    try {
      await this.#options.outbox.giveTurn();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  async #pauseFor(delayMs: number): Promise<void> {
    this.#pause = new AbortController();
    await sleep(this.#options.clock, delayMs, AbortSignal.any([this.#stopping.signal, this.#pause.signal]));
  }
}

/** Whether the network answered that nobody subscribes, or that it has no such address. */
function hasNoSubscriber(outcome: SendOutcome): boolean {
  if (outcome.status === 'attach-refused') return outcome.unanswered !== true;
  return ['no-credit', 'released', 'modified'].includes(outcome.status);
}

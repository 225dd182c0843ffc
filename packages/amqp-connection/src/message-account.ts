import type { Instant } from '@rollcall/core';
import type rhea from 'rhea';
import type { OutgoingWindow } from './outgoing-window.ts';
import type { OnAccepted } from './plain-delivery.ts';
import type { Reachability } from './reachability.ts';
import type { SendOutcome } from './send-outcome.ts';
import { createUnsettled, type Sent } from './unsettled.ts';
import { createWaitingMessages } from './waiting-messages.ts';
import { whenAborted } from './when-aborted.ts';

export const accepted: SendOutcome = { status: 'accepted' };
const endOfTime = Infinity as Instant;

/** A message that was handed in, until its caller has the result and the peer's outcome is known. */
export interface HandedIn extends Sent {
  readonly turn: string;
  readonly message: Uint8Array;
  readonly awaitOutcome: boolean;
  /** Until when it may wait: for credit first, for the outcome once sent. */
  deadline: Instant;
  /** Undefined once the caller has the result. */
  done: ((outcome: SendOutcome) => void) | undefined;
  forgetSignal: (() => void) | undefined;
}

/** Where messages are sent. */
export interface Outlet {
  readonly window: OutgoingWindow;
  readonly sender: rhea.Sender;
  readonly onAccepted: OnAccepted;
}

/**
 * The messages that were handed in to one link: those that wait for credit, and those that were sent and have no outcome yet. rhea
 * neither limits its queue to the credit (so one link without credit blocks the session), nor reports deliveries that end with the
 * connection.
 */
export class MessageAccount {
  readonly #waiting = createWaitingMessages<HandedIn>();
  readonly #unsettled = createUnsettled<HandedIn>();
  readonly #reachability: Reachability;
  readonly #maxWaiting: number;
  readonly #maxWaitingOfOne: number;

  constructor(reachability: Reachability, maxWaiting: number) {
    this.#reachability = reachability;
    this.#maxWaiting = maxWaiting;
    this.#maxWaitingOfOne = Math.ceil(maxWaiting / 10);
  }

  hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether no more may wait, of this owner or of all. */
  isFull(turn: string): boolean {
    const { size } = this.#waiting;
    if (size >= this.#maxWaiting) return true;
    // Usually so few messages wait that no owner can have used up its share, and none is looked up.
    if (turn === '' || size < this.#maxWaitingOfOne) return false;
    return this.#waiting.countOf(turn) >= this.#maxWaitingOfOne;
  }

  add(entry: HandedIn, signal: AbortSignal | undefined): void {
    if (signal)
      entry.forgetSignal = whenAborted(signal, () => {
        this.#waiting.remove(entry);
        this.#finish(entry, { status: 'aborted' });
      });
    this.#waiting.push(entry);
  }

  /** Sends messages that wait, at most `budget`. Each of them then waits for its outcome until `outcomeBy`. */
  send({ window, sender, onAccepted }: Outlet, budget: number, outcomeBy: Instant): void {
    for (let left = budget; left > 0; left--) {
      const entry = this.#waiting.shift(left);
      if (!entry) return;
      entry.deadline = outcomeBy;
      // It is tracked even if the caller does not await the outcome: without an outcome it would take up room for ever.
      this.#unsettled.add(entry, window.send(sender, entry.message, onAccepted));
      if (!entry.awaitOutcome) this.#finish(entry, accepted);
    }
  }

  settle(delivery: rhea.Delivery, outcome: SendOutcome): void {
    const entry = this.#unsettled.settle(delivery);
    if (entry) this.#finish(entry, outcome);
  }

  /** Messages that wait now do so until `deadline` at most. */
  shortenWaits(deadline: Instant): void {
    for (const entry of this.#waiting) if (entry.deadline > deadline) entry.deadline = deadline;
  }

  /** The earliest deadline of all messages. Those of one link may wait equally long, so the first one has the earliest. */
  deadline(): Instant | undefined {
    const ofSent = this.#unsettled.deadline();
    const ofWaiting = this.#waiting.oldest()?.deadline;
    if (ofSent === undefined || ofWaiting === undefined) return ofSent ?? ofWaiting;
    return ofSent < ofWaiting ? ofSent : ofWaiting;
  }

  /** Ends the wait for outcomes that should have come by `now`. @returns whether there was any. */
  giveUpSent(window: OutgoingWindow, now: Instant, outcome: SendOutcome): boolean {
    let any = false;
    for (let entry = this.#unsettled.takeOverdue(now); entry; entry = this.#unsettled.takeOverdue(now)) {
      if (entry.delivery) window.abandon(entry.delivery);
      entry.delivery = undefined;
      this.#finish(entry, outcome);
      any = true;
    }
    return any;
  }

  /** Gives up all messages that were sent, so that the session has its room back. */
  giveUpAllSent(window: OutgoingWindow): void {
    this.giveUpSent(window, endOfTime, { status: 'disconnected' });
  }

  /** Gives back messages that waited for longer than they may. @returns whether there was any. */
  giveBackOverdue(now: Instant, outcomeOf: () => SendOutcome): boolean {
    let any = false;
    for (let entry = this.#waiting.oldest(); entry; entry = this.#waiting.oldest()) {
      if (entry.deadline > now) break;
      this.#waiting.remove(entry);
      this.#finish(entry, outcomeOf());
      any = true;
    }
    return any;
  }

  /** Gives back all messages that wait now, but not those that callers hand in when they get this result. */
  giveBackWaiting(outcome: SendOutcome): void {
    for (const entry of [...this.#waiting]) {
      this.#waiting.remove(entry);
      this.#finish(entry, outcome);
    }
  }

  #finish(entry: HandedIn, outcome: SendOutcome): void {
    const { done } = entry;
    entry.done = undefined;
    entry.forgetSignal?.();
    entry.forgetSignal = undefined;
    this.#reachability.note(outcome);
    done?.(outcome);
  }
}

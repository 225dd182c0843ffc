import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import { internalsOf } from '@rollcall/rhea-internals';
import { asDelivery } from '@rollcall/rhea-internals/client';
import type rhea from 'rhea';
import { attachSender } from './attach-sender.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { Dialled } from './dial.ts';
import { createFlushSchedule, type FlushSchedule } from './flush-schedule.ts';
import type { LinkHost } from './link-host.ts';
import { accepted, MessageAccount } from './message-account.ts';
import { defaultTimings, peerNameOf } from './options.ts';
import { Reachability } from './reachability.ts';
import type { AttachRefused, SendOutcome } from './send-outcome.ts';
import type { SenderLink, SenderOptions, SendOptions } from './sender-options.ts';
import type { Attachment, SenderState } from './sender-state.ts';

/** rhea ends the process's ability to send when delivery ids pass 2^32: the connection is renewed long before. */
const deliveriesPerConnection = 2 ** 30;
/** How soon a new link's credit follows it, as Hono waits (`flowLatency`). */
const flowLatencyMs = 20;
/** How long a refused address is not attached again. */
const refusalHoldsMs = 500;

export function createSenderLink(
  host: LinkHost,
  address: string | undefined,
  options: SenderOptions,
): SenderLink {
  return new ReattachingSender(host, address, options);
}

/** Attaches when there is something to send, and again after each loss. */
class ReattachingSender implements SenderLink {
  readonly #host: LinkHost;
  readonly #address: string | undefined;
  readonly #options: SenderOptions;
  readonly #linkTimeoutMs: number;
  readonly #maxDeliveries: number;
  /** The clock for time-outs of the peer. */
  readonly #patience: Clock;
  readonly #reachability: Reachability;
  readonly #messages: MessageAccount;
  readonly #schedule: FlushSchedule;
  readonly #timer: DeadlineTimer;
  readonly #unsubscribe: readonly (() => void)[];
  #state: SenderState = { phase: 'detached' };
  #turnBegan = 0 as Instant;

  constructor(host: LinkHost, address: string | undefined, options: SenderOptions) {
    this.#host = host;
    this.#address = address;
    this.#options = options;
    this.#linkTimeoutMs = host.options.linkTimeoutMs ?? defaultTimings.linkTimeoutMs;
    this.#maxDeliveries = host.options.deliveriesPerConnection ?? deliveriesPerConnection;
    this.#patience = host.patience;
    this.#reachability = new Reachability(() => options.onReachable?.());
    this.#messages = new MessageAccount(this.#reachability, options.maxWaiting ?? 10_000);
    this.#schedule = createFlushSchedule(host.options.clock, options.gatherMs ?? 0, () => this.#flush());
    this.#timer = new DeadlineTimer(host.patience, () => this.#expire());
    this.#unsubscribe = [
      host.onDialled(() => this.#dialled()),
      host.onLost(() => this.#lost()),
      host.onSessionEnded?.((why) => this.#sessionEnded(why)) ?? (() => {}),
    ];
  }

  send(message: Uint8Array, options: SendOptions = {}): Promise<SendOutcome> {
    return new Promise((resolve) => this.submit(message, options, resolve));
  }

  submit(message: Uint8Array, options: SendOptions, done: (outcome: SendOutcome) => void): void {
    const { awaitOutcome = true, signal, turn = '' } = options;
    if (this.#state.phase === 'closed' || this.#host.closed()) return done({ status: 'disconnected' });
    if (signal?.aborted) return done({ status: 'aborted' });
    if (this.#messages.isFull(turn)) return done({ status: 'no-credit' });
    const { creditWaitMs } = this.#options;
    const waitMs = this.#state.phase === 'open' ? creditWaitMs : Math.max(creditWaitMs, this.#linkTimeoutMs);
    const deadline = later(this.#submittedAt(), waitMs);
    this.#messages.add(
      { turn, message, awaitOutcome, deadline, done, forgetSignal: undefined, delivery: undefined },
      signal,
    );
    this.#arm(deadline);
    return this.#scheduleFlush();
  }

  async close(): Promise<void> {
    const attachment = this.#attachment();
    if (this.#state.phase === 'closed') return;
    this.#state = { phase: 'closed' };
    this.#reachability.close();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    if (attachment) this.#messages.giveUpAllSent(attachment.window);
    this.#messages.giveBackWaiting({ status: 'disconnected' });
    if (attachment?.window.blocked()) attachment.dialled.hangUp(false, 'link closed while sending');
    else attachment?.sender.close();
    this.#timer.disarm();
    this.#schedule.stop();
  }

  /** One time for all messages of a turn, or of a gathering: reading the clock for each would cost more than the rest. */
  #submittedAt(): Instant {
    if (!this.#schedule.isAsked()) this.#turnBegan = this.#patience.monotonic();
    return this.#turnBegan;
  }

  #attachment(): Attachment | undefined {
    return 'attachment' in this.#state ? this.#state.attachment : undefined;
  }

  /** A caller may close the link when it gets a result, in the middle of any step: it stays closed. */
  #enter(state: SenderState): void {
    if (this.#state.phase !== 'closed') this.#state = state;
  }

  #scheduleFlush(): void {
    if (this.#messages.hasWaiting()) this.#schedule.ask();
  }

  #flush(): void {
    if (!this.#messages.hasWaiting() || this.#state.phase === 'closed') return;
    const dialled = this.#host.current();
    if (!dialled) return;
    switch (this.#state.phase) {
      case 'open':
        return this.#transmit(this.#state.attachment);
      case 'attaching':
        return;
      case 'detached':
        return this.#attach(dialled);
      case 'refused':
        if (this.#patience.monotonic() >= this.#state.until) return this.#attach(dialled);
        return this.#giveBackWaiting(this.#state.why);
      default:
        this.#state satisfies never;
    }
  }

  #transmit(attachment: Attachment): void {
    const { dialled, window, sender } = attachment;
    if (window.used() >= this.#maxDeliveries) {
      if (window.idle()) dialled.hangUp(true, 'connection is renewed');
      else this.#schedule.lookAgain();
      return;
    }
    // Messages that were handed over and did not leave have used up credit already, though rhea does not show it.
    if (window.blocked()) return this.#schedule.lookAgain();
    const budget = Math.min(internalsOf(sender).credit, window.available());
    if (budget <= 0) return;
    this.#schedule.sent(this.#host.options.clock.monotonic());
    const outcomeBy = later(this.#patience.monotonic(), this.#options.outcomeTimeoutMs);
    this.#messages.send(attachment, budget, outcomeBy);
    this.#arm(outcomeBy);
  }

  #attach(dialled: Dialled): void {
    const { window } = dialled;
    const isCurrent = (): boolean => this.#attachment() === attachment;
    const sender = attachSender(dialled.session, this.#address, this.#options.target ?? {}, {
      opened: () => {
        if (isCurrent()) this.#opened(attachment);
      },
      detached: (why) => {
        if (isCurrent()) this.#detached(attachment, why);
      },
      sendable: () => {
        attachment.hadCredit = true;
        this.#reachability.answered();
        this.#scheduleFlush();
      },
      draining: () => {
        if (isCurrent()) this.#flush();
        sender.set_drained(true);
      },
      settled: (delivery, outcome) => {
        // A peer that gives an outcome without settling waits for us to settle.
        if (!delivery.remote_settled) window.abandon(delivery);
        this.#settled(delivery, outcome);
      },
    });
    const attachment: Attachment = {
      dialled,
      window,
      sender,
      onAccepted: (delivery) => this.#settled(asDelivery(delivery), accepted),
      hadCredit: false,
    };
    const openBy = later(this.#patience.monotonic(), this.#linkTimeoutMs);
    this.#enter({ phase: 'attaching', attachment, openBy });
    this.#arm();
  }

  #opened(attachment: Attachment): void {
    this.#enter({ phase: 'open', attachment });
    const waitMs = Math.max(this.#options.creditWaitMs, flowLatencyMs);
    this.#messages.shortenWaits(later(this.#patience.monotonic(), waitMs));
    this.#arm();
    this.#scheduleFlush();
  }

  #settled(delivery: rhea.Delivery, outcome: SendOutcome): void {
    this.#messages.settle(delivery, outcome);
    this.#reachability.answered();
    this.#scheduleFlush();
  }

  #detached(attachment: Attachment, why: AttachRefused): void {
    const { log } = this.#host.options;
    log.debug(
      { address: this.#address, ...why },
      `link to the ${peerNameOf(this.#host.options)} closed by the peer`,
    );
    this.#leave(attachment);
    // rhea would send the rest of the messages on a link that is gone.
    if (attachment.window.blocked()) return attachment.dialled.hangUp(false, 'link closed while sending');
    // A link that once worked is opened again for messages that wait; one that never did would only be refused again.
    if (attachment.hadCredit) this.#scheduleFlush();
    else this.#refuse(why);
  }

  #refuse(why: AttachRefused): void {
    this.#enter({ phase: 'refused', why, until: later(this.#patience.monotonic(), refusalHoldsMs) });
    this.#giveBackWaiting(why);
  }

  /** Forgets the link and the messages in flight on it. */
  #leave({ window }: Attachment): void {
    this.#enter({ phase: 'detached' });
    this.#messages.giveUpAllSent(window);
  }

  #dialled(): void {
    this.#reachability.dialled();
    this.#scheduleFlush();
  }

  #lost(): void {
    const attachment = this.#attachment();
    this.#enter({ phase: 'detached' });
    if (attachment) this.#messages.giveUpAllSent(attachment.window);
    if (this.#host.closed()) this.#giveBackWaiting({ status: 'disconnected' });
    this.#arm();
  }

  #sessionEnded(why: AttachRefused): void {
    const attachment = this.#attachment();
    if (attachment) this.#detached(attachment, why);
  }

  #giveBackWaiting(outcome: SendOutcome): void {
    this.#messages.giveBackWaiting(outcome);
    this.#arm();
  }

  /** @param news the only deadline that is new, where there is only one. */
  #arm(news?: Instant): void {
    if (news !== undefined && this.#timer.ringsBy(news)) return;
    const ofMessages = this.#messages.deadline() ?? Infinity;
    const ofAttach = this.#state.phase === 'attaching' ? this.#state.openBy : Infinity;
    const next = Math.min(ofMessages, ofAttach) as Instant;
    this.#timer.ringBy(next === Infinity ? undefined : next);
  }

  #expire(): void {
    // After a busy moment the timer may ring before new messages had their turn.
    this.#flush();
    const now = this.#patience.monotonic();
    const attachment = this.#attachment();
    const isAnyMissing =
      attachment && this.#messages.giveUpSent(attachment.window, now, { status: 'timeout' });
    const isAttachMissing = this.#giveUpAttach(now);
    const isAnyUnsent = this.#messages.giveBackOverdue(now, () => ({
      status: this.#host.current() ? 'no-credit' : 'disconnected',
    }));
    const isBlocked = isAnyUnsent && attachment?.window.blocked() === true;
    if (isAnyMissing || isAttachMissing || isBlocked) this.#watchForStall(attachment);
    this.#arm();
    this.#scheduleFlush();
  }

  /** Gives up the attach if the peer should have answered it by `now`. @returns whether there was one. */
  #giveUpAttach(now: Instant): boolean {
    if (this.#state.phase !== 'attaching' || this.#state.openBy > now) return false;
    const { attachment } = this.#state;
    attachment.sender.close();
    this.#leave(attachment);
    const description = `no answer within ${this.#linkTimeoutMs} ms`;
    this.#refuse({ status: 'attach-refused', description, unanswered: true });
    return true;
  }

  /** Called when the peer owes an answer. Hangs up if that has lasted for too long. */
  #watchForStall(attachment: Attachment | undefined): void {
    if (!attachment?.dialled.stall.overdue(this.#options.outcomeTimeoutMs)) return;
    const { log } = this.#host.options;
    log.warn(
      { address: this.#address },
      `${peerNameOf(this.#host.options)} gives no outcomes: connecting again`,
    );
    attachment.dialled.hangUp(false, 'no outcomes');
  }
}

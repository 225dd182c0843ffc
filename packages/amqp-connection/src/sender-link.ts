import { later, type Instant } from '@rollcall/core';
import { asDelivery, internalsOf } from '@rollcall/rhea-internals';
import type rhea from 'rhea';
import type { LinkHost } from './amqp-connection.ts';
import { attachSender } from './attach-sender.ts';
import type { Dialled } from './dial.ts';
import { createFlushSchedule } from './flush-schedule.ts';
import { defaultTimings } from './options.ts';
import type { OnAccepted } from './plain-delivery.ts';
import type { AttachRefused, SendOutcome } from './send-outcome.ts';
import type { TerminusOptions } from './terminus-options.ts';
import { createUnsettled, type Sent } from './unsettled.ts';
import { createWaitingMessages } from './waiting-messages.ts';
import { whenAborted } from './when-aborted.ts';

export interface SenderOptions {
  /**
   * Longest wait for credit on an open link, before a message is given back as `no-credit`. While there is no link, the
   * wait is at least the connection's `linkTimeoutMs`.
   */
  readonly creditWaitMs: number;
  /** Longest wait for the outcome of a message that was sent. */
  readonly outcomeTimeoutMs: number;
  /** Messages that may wait for credit at a time; more are given back at once. Default 10,000. */
  readonly maxWaiting?: number;
  /**
   * How long messages gather, so that those of many devices leave in one system call, and wake the network once. The first
   * message after a pause as long does not wait. Default 0: what a turn of the event loop brings.
   */
  readonly gatherMs?: number;
  /** What is asked of the target; default: nothing. */
  readonly target?: TerminusOptions;
  /**
   * Told that messages can be sent, or may soon be, after some were given back because the peer did not answer: there is a
   * connection again, credit, or an outcome.
   */
  onReachable?(): void;
  /**
   * Whether the link has a session of its own: for networks that end a session over a bad address, or lose it over a full
   * queue, and all other links of the session with it. Default: it shares the session of the connection.
   */
  readonly ownSession?: boolean;
}

export interface SendOptions {
  /** Whether the result waits for the peer's outcome (default), or only until the message was handed over. */
  readonly awaitOutcome?: boolean;
  /**
   * Whose message it is: where messages wait for credit, each owner has a turn after the other, and a tenth of the room at most.
   * Default: nobody's, all of which are one owner's, without that bound.
   */
  readonly turn?: string;
  /** The result is `aborted` as soon as this aborts. What was handed over before is not taken back. */
  readonly signal?: AbortSignal;
}

/** A logical link to one address. */
export interface SenderLink {
  /** Sends a bare AMQP 1.0 message, encoded. Never rejects, never sends twice. */
  send(message: Uint8Array, options?: SendOptions): Promise<SendOutcome>;
  /** The same for callers that make a promise of their own: each costs as much as a transfer. `done` is called once. */
  submit(message: Uint8Array, options: SendOptions, done: (outcome: SendOutcome) => void): void;
  close(): Promise<void>;
}

interface Entry extends Sent {
  readonly turn: string;
  readonly message: Uint8Array;
  readonly awaitOutcome: boolean;
  /** Until when it may wait: for credit first, for the outcome once sent. */
  deadline: Instant;
  /** Undefined once the caller has the result. */
  done: ((outcome: SendOutcome) => void) | undefined;
  forgetSignal: (() => void) | undefined;
}

interface Attachment {
  readonly dialled: Dialled;
  readonly sender: rhea.Sender;
  readonly onAccepted: OnAccepted;
  phase: 'opening' | 'open';
  /** The peer granted credit at least once: it lets this address through in principle. */
  hadCredit: boolean;
}

/** rhea ends the process's ability to send when delivery ids pass 2^32: the connection is renewed long before. */
const deliveriesPerConnection = 2 ** 30;
/** How soon a new link's credit follows it, as Hono waits (`flowLatency`). */
const flowLatencyMs = 20;
/** A refused address is not asked for again sooner. */
const refusalHoldsMs = 500;

/**
 * Keeps its own account of what waits for credit and what is in flight: rhea neither bounds by credit what it queues
 * (one link without credit then blocks the session) nor tells about deliveries that end with the connection.
 */
export function createSenderLink(
  host: LinkHost,
  address: string | undefined,
  options: SenderOptions,
): SenderLink {
  const { patience } = host;
  const { clock, log, linkTimeoutMs = defaultTimings.linkTimeoutMs } = host.options;
  const { creditWaitMs, outcomeTimeoutMs, maxWaiting = 10_000, gatherMs = 0 } = options;
  const deliveriesMax = host.options.deliveriesPerConnection ?? deliveriesPerConnection;
  const waiting = createWaitingMessages<Entry>();
  const maxWaitingOfOne = Math.ceil(maxWaiting / 10);
  const unsettled = createUnsettled<Entry>();
  const schedule = createFlushSchedule(clock, gatherMs, flush);
  let attachment: Attachment | undefined;
  let openBy: Instant | undefined;
  let refusal: { readonly why: AttachRefused; readonly until: Instant } | undefined;
  let turnBegan = 0 as Instant;
  let disarm: (() => void) | undefined;
  let armedFor: Instant | undefined;
  let closed = false;
  /** Messages were given back because the peer did not answer. */
  let wasUnreachable = false;

  /** Of all that is handed in within a turn, or gathers: reading the time for each would cost more than the rest. */
  function submittedAt(): Instant {
    if (!schedule.isAsked()) turnBegan = patience.monotonic();
    return turnBegan;
  }

  /** Mostly so little waits that nobody can have its share, and nobody is looked up. */
  function hasItsShare(turn: string): boolean {
    return turn !== '' && waiting.size >= maxWaitingOfOne && waiting.countOf(turn) >= maxWaitingOfOne;
  }

  function reachable(isSure: boolean): void {
    if (!wasUnreachable || closed) return;
    if (isSure) wasUnreachable = false;
    options.onReachable?.();
  }

  function scheduleFlush(): void {
    if (waiting.size > 0) schedule.ask();
  }

  function flush(): void {
    const dialled = host.current();
    if (waiting.size === 0 || !dialled || closed) return;
    if (!attachment) attach(dialled);
    else if (attachment.phase === 'open') transmit(attachment);
  }

  function transmit({ dialled, sender, onAccepted }: Attachment): void {
    const { window } = dialled;
    if (window.used() >= deliveriesMax) {
      if (window.idle()) dialled.hangUp(true, 'connection is renewed');
      else schedule.lookAgain();
      return;
    }
    // What was handed over and did not leave has used up credit already, though rhea does not show it.
    if (window.blocked()) return schedule.lookAgain();
    let budget = Math.min(internalsOf(sender).credit, window.available());
    if (budget <= 0) return;
    schedule.sent(clock.monotonic());
    const outcomeBy = later(patience.monotonic(), outcomeTimeoutMs);
    while (budget > 0) {
      const entry = waiting.shift();
      if (!entry) break;
      budget -= 1;
      entry.deadline = outcomeBy;
      // Tracked even where nobody awaits the outcome: without one it would take up room for ever.
      unsettled.add(entry, window.send(sender, entry.message, onAccepted));
      if (!entry.awaitOutcome) finish(entry, accepted);
    }
    arm(outcomeBy);
  }

  function settled(delivery: rhea.Delivery, outcome: SendOutcome): void {
    const entry = unsettled.settle(delivery);
    if (entry) finish(entry, outcome);
    reachable(true);
    scheduleFlush();
  }

  function attach(dialled: Dialled): void {
    if (refusal && patience.monotonic() < refusal.until) return giveBackWaiting(refusal.why);
    const sender = attachSender(dialled.session, address, options.target ?? {}, {
      opened() {
        if (attachment !== opening) return;
        opening.phase = 'open';
        openBy = undefined;
        refusal = undefined;
        const creditBy = later(patience.monotonic(), Math.max(creditWaitMs, flowLatencyMs));
        for (const entry of waiting) if (entry.deadline > creditBy) entry.deadline = creditBy;
        arm();
        scheduleFlush();
      },
      detached(why) {
        if (attachment === opening) detached(opening, why);
      },
      sendable() {
        opening.hadCredit = true;
        reachable(true);
        scheduleFlush();
      },
      draining() {
        if (attachment === opening) flush();
        sender.set_drained(true);
      },
      settled(delivery, outcome) {
        // A peer that gives an outcome without settling waits for us to settle.
        if (!delivery.remote_settled) dialled.window.abandon(delivery);
        settled(delivery, outcome);
      },
    });
    const onAccepted: OnAccepted = (delivery) => settled(asDelivery(delivery), accepted);
    const opening: Attachment = { dialled, sender, onAccepted, phase: 'opening', hadCredit: false };
    attachment = opening;
    openBy = later(patience.monotonic(), linkTimeoutMs);
    arm();
  }

  function detached({ dialled, hadCredit }: Attachment, why: AttachRefused): void {
    log.debug({ address, ...why }, 'link to the messaging network closed by the peer');
    leaveLink();
    // rhea would send the rest on a link that is gone.
    if (dialled.window.blocked()) return dialled.hangUp(false, 'link closed while sending');
    // A link that once worked is opened again for what waits; one that never did would only be refused again.
    if (hadCredit) scheduleFlush();
    else refuse(why);
  }

  function refuse(why: AttachRefused): void {
    refusal = { why, until: later(patience.monotonic(), refusalHoldsMs) };
    giveBackWaiting(why);
  }

  /** Forgets the link and what is in flight on it, so that the session has its room back. */
  function leaveLink(): void {
    giveUpOverdue(Infinity as Instant, { status: 'disconnected' });
    attachment = undefined;
    openBy = undefined;
  }

  /** Ends the wait for outcomes that should have come. @returns whether there was any. */
  function giveUpOverdue(now: Instant, outcome: SendOutcome): boolean {
    let any = false;
    for (let entry = unsettled.takeOverdue(now); entry; entry = unsettled.takeOverdue(now)) {
      if (entry.delivery) attachment?.dialled.window.abandon(entry.delivery);
      entry.delivery = undefined;
      finish(entry, outcome);
      any = true;
    }
    return any;
  }

  function giveBackWaiting(outcome: SendOutcome): void {
    // Not what is handed in by those who hear of it.
    for (const entry of [...waiting]) {
      waiting.remove(entry);
      finish(entry, outcome);
    }
    arm();
  }

  function finish(entry: Entry, outcome: SendOutcome): void {
    const { done } = entry;
    entry.done = undefined;
    entry.forgetSignal?.();
    entry.forgetSignal = undefined;
    wasUnreachable ||= unreachable.has(outcome.status);
    done?.(outcome);
  }

  /**
   * One timer for the earliest deadline: all messages of a link have the same patience, so the first is first.
   *
   * @param news the only one that is new, where it is.
   */
  function arm(news?: Instant): void {
    // A timer that rings too early is cheaper than a new one for every message.
    if (news !== undefined && armedFor !== undefined && armedFor <= news) return;
    const next = Math.min(
      unsettled.deadline() ?? Infinity,
      waiting.oldest()?.deadline ?? Infinity,
      openBy ?? Infinity,
    ) as Instant;
    if (armedFor !== undefined && armedFor <= next && next !== Infinity) return;
    disarm?.();
    armedFor = next === Infinity ? undefined : next;
    disarm = armedFor === undefined ? undefined : patience.at(armedFor, expire);
  }

  function expire(): void {
    armedFor = undefined;
    disarm = undefined;
    // After a busy moment the timer may ring before what was handed in had its turn.
    flush();
    const now = patience.monotonic();
    const dialled = attachment?.dialled;
    let overdue = giveUpOverdue(now, { status: 'timeout' });
    if (openBy !== undefined && openBy <= now) {
      attachment?.sender.close();
      leaveLink();
      refuse({ status: 'attach-refused', description: `no answer within ${linkTimeoutMs} ms` });
      overdue = true;
    }
    for (let first = waiting.oldest(); first && first.deadline <= now; first = waiting.oldest()) {
      waiting.remove(first);
      finish(first, { status: host.current() ? 'no-credit' : 'disconnected' });
      overdue ||= dialled?.window.blocked() === true;
    }
    if (overdue && dialled?.stall.overdue(outcomeTimeoutMs)) {
      log.warn({ address }, 'messaging network gives no outcomes: connecting again');
      dialled.hangUp(false, 'no outcomes');
    }
    arm();
    scheduleFlush();
  }

  const unsubscribeDialled = host.onDialled(() => {
    reachable(false);
    scheduleFlush();
  });
  const unsubscribeLost = host.onLost(() => {
    leaveLink();
    refusal = undefined;
    if (host.closed()) giveBackWaiting({ status: 'disconnected' });
    arm();
  });

  const unsubscribeEnded = host.onSessionEnded?.((why) => attachment && detached(attachment, why));

  const link: SenderLink = {
    send: (message, sendOptions = {}) => new Promise((resolve) => link.submit(message, sendOptions, resolve)),
    submit(message, { awaitOutcome = true, signal, turn = '' }, done) {
      if (closed || host.closed()) return done({ status: 'disconnected' });
      if (signal?.aborted) return done({ status: 'aborted' });
      const isFull = waiting.size >= maxWaiting || hasItsShare(turn);
      if (isFull) return done({ status: 'no-credit' });
      const patienceMs = attachment?.phase === 'open' ? creditWaitMs : Math.max(creditWaitMs, linkTimeoutMs);
      const deadline = later(submittedAt(), patienceMs);
      const entry: Entry = {
        turn,
        message,
        awaitOutcome,
        deadline,
        done,
        forgetSignal: undefined,
        delivery: undefined,
      };
      if (signal)
        entry.forgetSignal = whenAborted(signal, () => {
          waiting.remove(entry);
          finish(entry, { status: 'aborted' });
        });
      waiting.push(entry);
      arm(deadline);
      return scheduleFlush();
    },
    async close() {
      if (closed) return;
      closed = true;
      unsubscribeDialled();
      unsubscribeLost();
      unsubscribeEnded?.();
      const { dialled, sender } = attachment ?? {};
      leaveLink();
      giveBackWaiting({ status: 'disconnected' });
      if (dialled?.window.blocked()) dialled.hangUp(false, 'link closed while sending');
      else sender?.close();
      disarm?.();
      schedule.stop();
    },
  };
  return link;
}

const accepted: SendOutcome = { status: 'accepted' };
/** Outcomes that are none of the peer's. */
const unreachable: ReadonlySet<SendOutcome['status']> = new Set(['no-credit', 'timeout', 'disconnected']);

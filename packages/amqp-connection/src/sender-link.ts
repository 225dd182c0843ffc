import { later, type Instant } from '@rollcall/core';
import type rhea from 'rhea';
import { SenderEvents, type EventContext, type Sender } from 'rhea-promise';
import type { LinkHost } from './amqp-connection.ts';
import type { Dialled } from './dial.ts';
import { defaultTimings } from './options.ts';
import type { SendOutcome } from './send-outcome.ts';

export interface SenderOptions {
  /** Longest wait for a connection, a link and credit before a message is given back as `no-credit`. */
  readonly creditWaitMs: number;
  /** Longest wait for the outcome of a message that was sent. */
  readonly outcomeTimeoutMs: number;
}

export interface SendOptions {
  /** Whether the result waits for the peer's outcome (default), or only until the message was handed over. */
  readonly awaitOutcome?: boolean;
  readonly signal?: AbortSignal;
}

/** A logical link to one address. */
export interface SenderLink {
  /** Sends a bare AMQP 1.0 message, encoded. Never rejects, never sends twice. */
  send(message: Uint8Array, options?: SendOptions): Promise<SendOutcome>;
  close(): Promise<void>;
}

interface Waiting {
  readonly message: Uint8Array;
  readonly awaitOutcome: boolean;
  readonly deadline: Instant;
  settle(outcome: SendOutcome): void;
  done: boolean;
}

interface InFlight {
  readonly delivery: rhea.Delivery;
  readonly deadline: Instant;
  settle(outcome: SendOutcome): void;
}

interface Attached {
  readonly dialled: Dialled;
  readonly sender: Sender;
  /** The peer granted credit at least once: it lets this address through in principle. */
  everHadCredit: boolean;
}

/** rhea ends the process's ability to send when delivery ids pass 2^32: the connection is renewed long before. */
const deliveriesPerConnection = 2 ** 30;
/** So many outcomes overdue in a row, with none arriving, mean that the connection is dead though it looks alive. */
const overdueBeforeHangUp = 100;

/**
 * Keeps its own account of what waits for credit and what is in flight: rhea neither bounds by credit what it queues
 * (one link without credit then blocks the session) nor tells about deliveries that end with the connection.
 */
export function createSenderLink(host: LinkHost, address: string, options: SenderOptions): SenderLink {
  const { clock, log } = host.options;
  const waiting: Waiting[] = [];
  const inFlight = new Map<rhea.Delivery, InFlight>();
  let attached: Attached | undefined;
  let attaching = false;
  let flushScheduled = false;
  let overdueInARow = 0;
  let disarm: (() => void) | undefined;
  let armedFor: Instant | undefined;
  let closed = false;

  function scheduleFlush(): void {
    if (flushScheduled) return;
    flushScheduled = true;
    // One flush for everything that was handed in within a turn of the event loop.
    setImmediate(() => {
      flushScheduled = false;
      flush();
    });
  }

  function flush(): void {
    while (waiting[0]?.done) waiting.shift();
    if (waiting.length === 0) return;
    if (!attached) {
      attach();
      return;
    }
    const { dialled, sender } = attached;
    const { outgoing } = dialled.rawSession as unknown as RawSession;
    if (outgoing.next_delivery_id > deliveriesPerConnection) {
      if (inFlight.size === 0) dialled.hangUp(true);
      return;
    }
    // What rhea has queued and not sent has used up credit already, though rhea does not show it.
    if (outgoing.next_pending_delivery < outgoing.next_delivery_id) return scheduleLater();
    let budget = Math.min(sender.credit, outgoing.available());
    if (budget > 0) dialled.cork();
    while (budget > 0 && waiting.length > 0) {
      const next = waiting.shift();
      if (!next || next.done) continue;
      budget -= 1;
      transmit(sender, next);
    }
    arm();
    return undefined;
  }

  /** The peer's session window is closed: its next flow opens it, and tells no link about it. */
  function scheduleLater(): void {
    const disarmLater = clock.at(later(clock.monotonic(), 5), () => {
      disarmLater();
      scheduleFlush();
    });
  }

  function transmit(sender: Sender, next: Waiting): void {
    next.done = true;
    const delivery = sender.send(asBuffer(next.message), { format: 0 });
    if (!next.awaitOutcome) {
      next.settle({ status: 'accepted' });
      return;
    }
    inFlight.set(delivery, {
      delivery,
      deadline: later(clock.monotonic(), options.outcomeTimeoutMs),
      settle: next.settle,
    });
  }

  function outcome(context: EventContext, of: (delivery: rhea.Delivery) => SendOutcome): void {
    const delivery = context.delivery as unknown as rhea.Delivery;
    overdueInARow = 0;
    const entry = inFlight.get(delivery);
    if (!entry) return;
    inFlight.delete(delivery);
    entry.settle(of(delivery));
    if (waiting.length > 0) scheduleFlush();
  }

  function attach(): void {
    const dialled = host.current();
    if (!dialled || attaching || closed) return;
    attaching = true;
    void attachTo(dialled).finally(() => {
      attaching = false;
      if (waiting.length > 0 && (attached || host.current() !== dialled)) scheduleFlush();
    });
  }

  async function attachTo(dialled: Dialled): Promise<void> {
    let refused: SendOutcome | undefined;
    const closedByPeer = (context: EventContext): void => {
      const error = context.sender?.error as { condition?: string; description?: string } | undefined;
      detached(dialled, {
        status: 'attach-refused',
        ...(error?.condition !== undefined && { condition: error.condition }),
        ...(error?.description !== undefined && { description: error.description }),
      });
      refused = { status: 'attach-refused' };
    };
    try {
      const sender = await dialled.session.createSender({
        target: { address },
        source: {},
        snd_settle_mode: 0,
        rcv_settle_mode: 0,
        treat_modified_as_released: false,
        onError: closedByPeer,
        onClose: closedByPeer,
        onSessionClose: () => {},
      } as never);
      if (refused || host.current() !== dialled) return;
      if (closed) {
        await sender.close();
        return;
      }
      attached = { dialled, sender, everHadCredit: sender.credit > 0 };
      sender.on(SenderEvents.accepted, (context) => outcome(context, () => ({ status: 'accepted' })));
      sender.on(SenderEvents.released, (context) => outcome(context, () => ({ status: 'released' })));
      sender.on(SenderEvents.rejected, (context) => outcome(context, rejected));
      sender.on(SenderEvents.modified, (context) => outcome(context, modified));
      sender.on(SenderEvents.sendable, () => {
        if (attached) attached.everHadCredit = true;
        scheduleFlush();
      });
    } catch (error) {
      if (host.current() !== dialled) return;
      const { condition, message, description } = (error ?? {}) as Record<string, string | undefined>;
      giveBackWaiting({
        status: 'attach-refused',
        ...(condition !== undefined && { condition }),
        description:
          description ??
          message ??
          `no answer within ${host.options.linkTimeoutMs ?? defaultTimings.linkTimeoutMs} ms`,
      });
    }
  }

  /** The peer closed the link, or never let it be one. */
  function detached(dialled: Dialled, why: SendOutcome): void {
    if (attached && attached.dialled !== dialled) return;
    const hadCredit = attached?.everHadCredit ?? false;
    attached = undefined;
    log.debug({ address, ...why }, 'link to the messaging network closed by the peer');
    giveBackInFlight();
    // A link that once worked is opened again for what waits; one that never did would only be refused again.
    if (!hadCredit) giveBackWaiting(why);
    else if (waiting.length > 0) scheduleFlush();
  }

  function giveBackInFlight(): void {
    for (const entry of inFlight.values()) entry.settle({ status: 'disconnected' });
    inFlight.clear();
  }

  function giveBackWaiting(why: SendOutcome): void {
    for (const entry of waiting.splice(0)) {
      if (entry.done) continue;
      entry.done = true;
      entry.settle(why);
    }
  }

  /** Keeps one timer for the earliest deadline: all messages of a link have the same patience, so the first is first. */
  function arm(): void {
    const first = inFlight.values().next().value?.deadline;
    const next = earliest(first, waiting[0]?.deadline);
    if (next === armedFor) return;
    if (next !== undefined && armedFor !== undefined && armedFor <= next) return;
    disarm?.();
    armedFor = next;
    disarm = next === undefined ? undefined : clock.at(next, expire);
  }

  function expire(): void {
    armedFor = undefined;
    disarm = undefined;
    const now = clock.monotonic();
    for (const [delivery, entry] of inFlight) {
      if (entry.deadline > now) break;
      inFlight.delete(delivery);
      // Settled on our side: rhea must not keep it for ever (Hono does the same).
      delivery.update(true);
      overdueInARow += 1;
      entry.settle({ status: 'timeout' });
    }
    for (let first = waiting[0]; first && (first.done || first.deadline <= now); first = waiting[0]) {
      waiting.shift();
      if (first.done) continue;
      first.done = true;
      first.settle(host.current() ? { status: 'no-credit' } : { status: 'disconnected' });
    }
    if (overdueInARow >= overdueBeforeHangUp && attached) {
      log.warn({ address }, 'messaging network gives no outcomes: connecting again');
      overdueInARow = 0;
      attached.dialled.hangUp(false);
    }
    arm();
  }

  const unsubscribeDialled = host.onDialled(() => {
    if (waiting.length > 0) scheduleFlush();
  });
  const unsubscribeLost = host.onLost(() => {
    attached = undefined;
    overdueInARow = 0;
    giveBackInFlight();
    arm();
  });

  return {
    send: (message, { awaitOutcome = true, signal } = {}) =>
      new Promise((resolve) => {
        if (closed) return resolve({ status: 'disconnected' });
        if (signal?.aborted) return resolve({ status: 'aborted' });
        const entry: Waiting = {
          message,
          awaitOutcome,
          deadline: later(clock.monotonic(), options.creditWaitMs),
          settle(outcomeOf) {
            signal?.removeEventListener('abort', abort);
            resolve(outcomeOf);
          },
          done: false,
        };
        const abort = (): void => {
          // What was sent already is left to its outcome: it may have arrived.
          if (entry.done) return;
          entry.done = true;
          resolve({ status: 'aborted' });
        };
        signal?.addEventListener('abort', abort, { once: true });
        waiting.push(entry);
        arm();
        scheduleFlush();
        return undefined;
      }),
    async close() {
      closed = true;
      unsubscribeDialled();
      unsubscribeLost();
      disarm?.();
      giveBackWaiting({ status: 'disconnected' });
      giveBackInFlight();
      const { sender } = attached ?? {};
      attached = undefined;
      if (sender?.isOpen()) await sender.close().catch(() => {});
    },
  };
}

/** The part of rhea's session that its typings leave out. */
interface RawSession {
  readonly outgoing: {
    available(): number;
    readonly next_delivery_id: number;
    readonly next_pending_delivery: number;
  };
}

function rejected(delivery: rhea.Delivery): SendOutcome {
  const { error } = (delivery.remote_state ?? {}) as { error?: { condition?: string; description?: string } };
  return {
    status: 'rejected',
    ...(error?.condition !== undefined && { condition: error.condition }),
    ...(error?.description !== undefined && { description: error.description }),
  };
}

function modified(delivery: rhea.Delivery): SendOutcome {
  const { undeliverable_here: undeliverableHere } = (delivery.remote_state ?? {}) as {
    undeliverable_here?: boolean;
  };
  return { status: 'modified', undeliverableHere: undeliverableHere === true };
}

function asBuffer(message: Uint8Array): Buffer {
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}

function earliest(one: Instant | undefined, other: Instant | undefined): Instant | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}

import { later, type Clock, type Log } from '@rollcall/core';
import type rhea from 'rhea';
import { createExpiry } from './expiry.ts';
import { onBehalfOf } from './link-peer.ts';
import { createMessageOrder, type Queued } from './message-order.ts';
import { capacityOf, forward, wantsSettled } from './outgoing-link.ts';
import type { Store } from './store.ts';

export interface EventQueueOptions {
  readonly name: string;
  /** Absent: the queue is in memory only. */
  readonly store?: Store;
  /** Beyond it the oldest go: whoever forgot a queue must not stop those that feed others. */
  readonly maxMessages: number;
  readonly clock: Clock;
  readonly log: Log;
  /** What the store had of it. */
  readonly messages?: readonly Queued[];
}

export interface EventQueue {
  readonly name: string;
  readonly depth: number;
  /** For want of room. */
  readonly dropped: number;
  /** Dropped since their time was over. */
  readonly expired: number;
  readonly consumers: number;
  /**
   * `done` is called once the message is as safe as this queue makes it.
   *
   * @param expiresAt wall-clock milliseconds; `undefined`: never.
   */
  publish(payload: Buffer, expiresAt: number | undefined, done: (error?: Error) => void): void;
  addConsumer(link: rhea.Sender): void;
  /** The link is gone: what it did not settle waits again. */
  removeConsumer(link: rhea.Sender): void;
  /** A consumer settled: `keep` says that the message waits again. */
  settled(delivery: rhea.Delivery, link: rhea.Sender, keep: boolean): void;
  /** Sends what can be sent, soon. */
  kick(): void;
  /** It is not used any more. */
  close(): void;
}

/** Messages moved in one turn of the event loop: everybody else gets a turn too. */
const maxPerTurn = 2_000;
/** The dropping of messages is logged at once, and then so often while it goes on. */
const tellEveryMs = 60_000;

export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { name, store, maxMessages, clock, log } = options;
  const order = createMessageOrder();
  const consumers = new Map<rhea.Sender, Map<rhea.Delivery, Queued>>();
  let lastPosition = 0;
  let dropped = 0;
  let expired = 0;
  let tellAt = clock.monotonic();
  let scheduled = false;

  const expiry = createExpiry({
    clock,
    sweep(now) {
      for (const message of order.dropExpired(now)) {
        store?.remove(name, message.position);
        expired += 1;
      }
      return order.nextExpiry();
    },
  });

  for (const message of options.messages ?? []) {
    order.append(message);
    expiry.note(message.expiresAt);
    lastPosition = message.position;
  }

  function done(message: Queued): void {
    order.settle(message);
    store?.remove(name, message.position);
  }

  function giveBack(messages: readonly Queued[]): void {
    order.giveBack(messages);
    for (const { expiresAt } of messages) expiry.note(expiresAt);
  }

  function dropBeyondBound(): void {
    if (order.size > maxMessages) expiry.settle();
    while (order.size > maxMessages) {
      const oldest = order.dropOldest();
      if (!oldest) return;
      store?.remove(name, oldest.position);
      dropped += 1;
      if (clock.monotonic() >= tellAt) tellOfDropped();
    }
  }

  function tellOfDropped(): void {
    tellAt = later(clock.monotonic(), tellEveryMs);
    const why = consumers.size === 0 ? `nobody consumes ${name}` : `consumers of ${name} are too slow`;
    log.warn(
      { queue: name, dropped },
      `${why}: it is full, ${dropped} of its oldest messages are dropped by now`,
    );
  }

  function pump(): void {
    scheduled = false;
    expiry.settle();
    let moved = 0;
    for (let any = true; any && order.waiting > 0 && moved < maxPerTurn;) {
      any = false;
      for (const link of [...consumers.keys()]) {
        if (moved >= maxPerTurn || capacityOf(link) <= 0) continue;
        const message = order.take();
        if (!message) return;
        moved += 1;
        any = true;
        toTheEnd(link);
        const settled = wantsSettled(link);
        const sent = onBehalfOf(link, () => {
          const delivery = forward(link, message.payload, settled);
          if (settled) done(message);
          else consumers.get(link)?.set(delivery, message);
        });
        if (!sent) giveBack([message]);
      }
    }
    if (order.waiting > 0 && moved >= maxPerTurn) kick();
  }

  /** Who got a message comes last next time. */
  function toTheEnd(link: rhea.Sender): void {
    const unsettled = consumers.get(link);
    if (!unsettled) return;
    consumers.delete(link);
    consumers.set(link, unsettled);
  }

  function kick(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(pump);
  }

  return {
    name,
    get depth() {
      expiry.settle();
      return order.size;
    },
    get consumers() {
      return consumers.size;
    },
    get dropped() {
      return dropped;
    },
    get expired() {
      expiry.settle();
      return expired;
    },
    publish(payload, expiresAt, onDone) {
      lastPosition += 1;
      const message: Queued = { position: lastPosition, payload, expiresAt };
      const written = (error?: Error): void => {
        if (!error) {
          order.append(message);
          expiry.note(expiresAt);
          dropBeyondBound();
          kick();
        }
        onDone(error);
      };
      if (store) store.append(name, message, written);
      else written();
    },
    addConsumer(link) {
      consumers.set(link, new Map());
      kick();
    },
    removeConsumer(link) {
      const unsettled = consumers.get(link);
      if (!unsettled) return;
      consumers.delete(link);
      giveBack([...unsettled.values()]);
      kick();
    },
    settled(delivery, link, keep) {
      const unsettled = consumers.get(link);
      const message = unsettled?.get(delivery);
      if (!unsettled || !message) return;
      unsettled.delete(delivery);
      if (keep) giveBack([message]);
      else done(message);
      kick();
    },
    kick,
    close: () => expiry.stop(),
  };
}

import { createMinuteGate, type MinuteGate } from '@rollcall/containment';
import type { Clock, Log } from '@rollcall/core/environment';
import type rhea from 'rhea';
import { createExpiry, type Expiry } from './expiry.ts';
import { onBehalfOf } from './link-peer.ts';
import { createMessageOrder, type Queued } from './message-order.ts';
import { capacityOf, forward, wantsSettled } from './outgoing-link.ts';
import { createQueueConsumers } from './queue-consumers.ts';
import { soon } from './soon.ts';
import type { Store } from './store.ts';

export interface EventQueueOptions {
  readonly name: string;
  /** Absent: the queue is in memory only. */
  readonly store?: Store;
  /** When there are more, the oldest are dropped: a queue that no one consumes any more must not stop the producers. */
  readonly maxMessages: number;
  readonly clock: Clock;
  readonly log: Log;
  /** The messages of this queue that the store had. */
  readonly messages?: readonly Queued[];
}

export interface EventQueue {
  readonly name: string;
  /** Messages that wait, or that consumers have and did not settle. */
  readonly depth: number;
  /** Messages dropped because the queue was full. */
  readonly dropped: number;
  /** Messages dropped because they had expired. */
  readonly expired: number;
  readonly consumers: number;
  /**
   * Calls `done` once the message is stored as safely as this queue can.
   *
   * @param expiresAt wall-clock milliseconds; `undefined`: never.
   */
  publish(payload: Buffer, expiresAt: number | undefined, done: (error?: Error) => void): void;
  addConsumer(link: rhea.Sender): void;
  /** The link is gone: messages that it did not settle wait again. */
  removeConsumer(link: rhea.Sender): void;
  /** A consumer settled a delivery. @param keep whether the message waits again. */
  settled(delivery: rhea.Delivery, link: rhea.Sender, keep: boolean): void;
  /** Sends what can be sent, soon. */
  kick(): void;
  /** The queue is not used any more. */
  close(): void;
}

/** Messages that one queue sends in one turn of the event loop: other queues and peers need their turn too. */
const maxPerTurn = 2_000;

export function createEventQueue(options: EventQueueOptions): EventQueue {
  return new Queue(options);
}

class Queue implements EventQueue {
  readonly name: string;
  readonly kick = soon(() => this.#sendWhatFits());
  readonly #store: Store | undefined;
  readonly #maxMessages: number;
  readonly #log: Log;
  readonly #order = createMessageOrder();
  readonly #consumers = createQueueConsumers();
  readonly #expiry: Expiry;
  /** Dropping messages is logged at once, then once a minute while it goes on. */
  readonly #dropLines: MinuteGate;
  #lastPosition = 0;
  #dropped = 0;
  #expired = 0;

  constructor({ name, store, maxMessages, clock, log, messages = [] }: EventQueueOptions) {
    this.name = name;
    this.#store = store;
    this.#maxMessages = maxMessages;
    this.#log = log;
    this.#dropLines = createMinuteGate(clock);
    this.#expiry = createExpiry({ clock, sweep: (now) => this.#dropExpired(now) });
    for (const message of messages) {
      this.#append(message);
      this.#lastPosition = message.position;
    }
  }

  get depth(): number {
    this.#expiry.settle();
    return this.#order.size;
  }

  get consumers(): number {
    return this.#consumers.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get expired(): number {
    this.#expiry.settle();
    return this.#expired;
  }

  publish(payload: Buffer, expiresAt: number | undefined, done: (error?: Error) => void): void {
    this.#lastPosition += 1;
    const message: Queued = { position: this.#lastPosition, payload, expiresAt };
    const written = (error?: Error): void => {
      if (!error) {
        this.#append(message);
        this.#dropBeyondBound();
        this.kick();
      }
      done(error);
    };
    if (this.#store) this.#store.append(this.name, message, written);
    else written();
  }

  addConsumer(link: rhea.Sender): void {
    this.#consumers.add(link);
    this.kick();
  }

  removeConsumer(link: rhea.Sender): void {
    const unsettled = this.#consumers.remove(link);
    if (!unsettled) return;
    this.#giveBack(unsettled);
    this.kick();
  }

  settled(delivery: rhea.Delivery, link: rhea.Sender, keep: boolean): void {
    const message = this.#consumers.settle(link, delivery);
    if (!message) return;
    if (keep) this.#giveBack([message]);
    else this.#forget(message);
    this.kick();
  }

  close(): void {
    this.#expiry.stop();
  }

  #append(message: Queued): void {
    this.#order.append(message);
    this.#expiry.note(message.expiresAt);
  }

  #giveBack(messages: readonly Queued[]): void {
    this.#order.giveBack(messages);
    for (const { expiresAt } of messages) this.#expiry.note(expiresAt);
  }

  /** A consumer has accepted the message. */
  #forget(message: Queued): void {
    this.#order.settle(message);
    this.#store?.remove(this.name, message.position);
  }

  #dropExpired(now: number): number {
    for (const message of this.#order.dropExpired(now)) {
      this.#store?.remove(this.name, message.position);
      this.#expired += 1;
    }
    return this.#order.nextExpiry();
  }

  #dropBeyondBound(): void {
    if (this.#order.size > this.#maxMessages) this.#expiry.settle();
    while (this.#order.size > this.#maxMessages) {
      const oldest = this.#order.dropOldest();
      if (!oldest) return;
      this.#store?.remove(this.name, oldest.position);
      this.#dropped += 1;
      if (this.#dropLines.pass() !== undefined) this.#logDropped();
    }
  }

  #logDropped(): void {
    const { name } = this;
    const why = this.#consumers.size === 0 ? `${name} has no consumer` : `consumers of ${name} are too slow`;
    this.#log.warn(
      { queue: name, dropped: this.#dropped },
      `${why}: it is full, ${this.#dropped} of its oldest messages are dropped by now`,
    );
  }

  /** One message for each consumer that has room, round after round. */
  #sendWhatFits(): void {
    this.#expiry.settle();
    let sent = 0;
    for (let any = true; any && this.#order.waiting > 0 && sent < maxPerTurn;) {
      any = false;
      for (const link of this.#consumers.inTurn()) {
        if (sent >= maxPerTurn || capacityOf(link) <= 0) continue;
        const message = this.#order.take();
        if (!message) return;
        sent += 1;
        any = true;
        this.#send(message, link);
      }
    }
    if (this.#order.waiting > 0 && sent >= maxPerTurn) this.kick();
  }

  #send(message: Queued, link: rhea.Sender): void {
    this.#consumers.takesTurn(link);
    const settled = wantsSettled(link);
    const sent = onBehalfOf(link, () => {
      const delivery = forward(link, message.payload, settled);
      if (settled) this.#forget(message);
      else this.#consumers.sent(link, delivery, message);
    });
    if (!sent) this.#giveBack([message]);
  }
}

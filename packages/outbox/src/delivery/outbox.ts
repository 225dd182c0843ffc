import type { ConnectionId, DeviceRef } from '@rollcall/core';
import { within } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { EventSink, OutboundEvent } from '@rollcall/core/sink';
import { factsOf } from '../journal/facts-of.ts';
import type { HeldEvent, Holdings, Kept, PendingEvent, Place } from '../journal/journal.ts';
import { Bodies } from './bodies.ts';
import { createCoalesced, type Coalesced } from './coalesced.ts';
import { deviceNumber } from '../journal/device-number.ts';
import { DrainWaiters } from './drain-waiters.ts';
import type { Tried } from './lane.ts';
import { memoryLimit } from './memory-limit.ts';
import type { BeforeSending, Outbox, OutboxOptions, SinkDepth } from './outbox-contract.ts';
import { Relayed } from './relayed.ts';
import { SinkQueue } from './sink-queue.ts';
import type { Arrival, LeftOut } from './tenant-queue.ts';
import { WaitingEvents } from './waiting-events.ts';

/** Queues events with one lane for each sink and tenant. It is bounded: it leaves out whole pairs, and counts them. */
export function createOutbox(options: OutboxOptions): Outbox {
  return new SinksOutbox(options);
}

class SinksOutbox implements Outbox {
  readonly #options: OutboxOptions;
  readonly #closing = new AbortController();
  readonly #waiting = new WaitingEvents();
  readonly #bodies: Bodies;
  readonly #coalesced: Coalesced;
  readonly #sinkNames: readonly string[];
  readonly #queues: readonly SinkQueue[];
  readonly #drain = new DrainWaiters(() => this.#queues.every((queue) => queue.events === 0));
  #latest: { readonly committed: Promise<void>; readonly bounded: Promise<void> } | undefined;
  readonly #withdrawn = new Set<ConnectionId>();
  readonly #maySend: () => boolean;
  readonly #relayed = new Relayed();
  #announcements = 0;
  #isHeld = false;

  constructor(options: OutboxOptions) {
    const { sinks, journal, bounds, owed } = options;
    this.#options = options;
    this.#bodies = new Bodies(journal, bounds.maxMemoryBytes ?? memoryLimit(0));
    this.#sinkNames = sinks.map((sink) => sink.name);
    const mayPublish = options.mayPublish?.bind(options);
    this.#maySend = mayPublish ? () => !this.#isHeld && mayPublish() : () => !this.#isHeld;
    this.#coalesced = createCoalesced(this.#sinkNames, owed);
    this.#queues = sinks.map((sink) => this.#queueOf(sink));
  }

  append(outbound: OutboundEvent, beforeSending?: BeforeSending): Promise<void> | undefined {
    return this.#take(outbound, beforeSending).committed;
  }

  async relay(events: readonly OutboundEvent[]): Promise<boolean> {
    const sinks = this.#queues.length;
    const outcomes = events.map((outbound) => {
      const { place, committed } = this.#take({ ...outbound, ofAnother: true });
      return sinks > 0 ? this.#relayed.follow(place, sinks) : Promise.resolve(committed).then(() => true);
    });
    return (await Promise.all(outcomes)).every(Boolean);
  }

  stopRelaying(): void {
    this.#relayed.giveUp();
  }

  #take(outbound: OutboundEvent, beforeSending?: BeforeSending): Kept {
    const { journal } = this.#options;
    const { event } = outbound;
    const device = deviceNumber(event.device.device);
    const { tenant } = event.device;
    // What another adapter left out is not owed here.
    const told = outbound.ofAnother === true ? undefined : event.coalesced;
    const said = told === undefined ? undefined : this.#coalesced.said(tenant, device, told);
    const { place, committed } = journal.append(outbound, this.#sinkNames, said?.owed);
    for (const owed of said?.forgotten ?? []) journal.leaveOut(owed.sink, [], owed);
    const arrival: Arrival = {
      place,
      at: event.at,
      device,
      bytes: factsOf(outbound).length,
      ...(event.coalesced !== undefined && { coalesced: event.coalesced }),
      // The adapter that died may have handed the event to the sink.
      ...(outbound.ofAnother !== true && { half: event }),
    };
    const users = this.#queues.length;
    const maySend = this.#maySendOnce(committed, beforeSending);
    if (users > 0) this.#bodies.keep(place, outbound, users, maySend);
    for (const queue of this.#queues) queue.append(tenant, arrival);
    while (this.#bodies.overBound && this.#leaveOutPinned());
    return { place, committed };
  }

  resume(sink: string, { place, device, at, bytes }: PendingEvent): boolean {
    const queue = this.#queues.find((each) => each.sink.name === sink);
    queue?.append(device.tenant, { place, at, device: deviceNumber(device.device), bytes });
    return queue !== undefined;
  }

  hold(): () => void {
    this.#isHeld = true;
    return () => {
      this.#isHeld = false;
      this.sendAgain();
    };
  }

  sendAgain(): void {
    for (const queue of this.#queues) queue.pump();
  }

  withdraw(connections: Iterable<ConnectionId>): void {
    if (this.#queues.every((queue) => queue.events === 0)) return;
    for (const connection of connections) this.#withdrawn.add(connection);
  }

  announce(outbound: OutboundEvent): boolean {
    const { device, at } = outbound.event;
    const number = deviceNumber(device.device);
    const willing = this.#queues.filter((queue) => queue.mayAnnounce(device.tenant, number));
    const toAll = willing.length === this.#queues.length;
    if (willing.length === 0) return toAll;
    this.#announcements += 1;
    const place = -this.#announcements;
    this.#bodies.keep(place, outbound, willing.length, undefined);
    for (const queue of willing)
      queue.append(device.tenant, { place, at, device: number, bytes: 0, announcement: true });
    return toAll;
  }

  coalescedOf({ tenant, device }: DeviceRef): number {
    return this.#coalesced.next(tenant, () => deviceNumber(device));
  }

  depth(): readonly SinkDepth[] {
    return this.#queues.map((queue) => queue.depth());
  }

  holdings(): Pick<Holdings, 'waiting' | 'owed'> {
    return { waiting: () => this.#held(), owed: this.#coalesced.all() };
  }

  memoryBytes(): number {
    return this.#bodies.memoryBytes + this.#waiting.memoryBytes;
  }

  drained(signal: AbortSignal): Promise<void> {
    return this.#drain.drained(signal);
  }

  stop(): void {
    this.#closing.abort();
    for (const queue of this.#queues) queue.stop();
    this.#relayed.giveUp();
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.all(this.#options.sinks.map((sink) => sink.close()));
    await this.#options.journal.close();
  }

  #queueOf(sink: EventSink): SinkQueue {
    const { journal } = this.#options;
    const context = {
      ...this.#options,
      sink,
      waiting: this.#waiting,
      bodies: this.#bodies,
      signal: this.#closing.signal,
      maySend: this.#maySend,
      isWithdrawn: (event: ConnectionEvent) =>
        this.#withdrawn.size > 0 && this.#withdrawn.has(event.connectionId),
    };
    return new SinkQueue(context, {
      tried: (tried) => this.#tried(sink.name, tried),
      withdrawn: (place) => journal.forget(sink.name, place),
      released: (released) => this.#released(released),
      leftOut: (tenant, pair) => this.#leftOut(sink.name, tenant, pair),
    });
  }

  #tried(sink: string, { place, outbound: { event }, delivery }: Tried): void {
    const { journal, observer, clock } = this.#options;
    switch (delivery.status) {
      case 'delivered':
        journal.forget(sink, place);
        this.#relayed.confirmed(place);
        observer.delivered(sink, event, clock.now() - event.at);
        return;
      case 'retryable':
        observer.retried(sink, event, delivery.cause);
        return;
      case 'refused':
        journal.park(sink, place, delivery.cause.message);
        this.#relayed.confirmed(place);
        observer.parked(sink, event, delivery.cause);
        return;
      default:
        delivery satisfies never;
    }
  }

  #leftOut(sink: string, tenant: string, { device, places, pairs }: LeftOut): void {
    const { journal, observer } = this.#options;
    journal.leaveOut(sink, places, this.#coalesced.add(sink, tenant, device, pairs));
    for (const place of places) this.#bodies.done(place);
    observer.leftOut(sink, tenant);
  }

  #released(place: Place | undefined): void {
    if (place !== undefined) this.#relayed.released(place);
    // The events that waited when the connections were withdrawn are gone then.
    if (this.#withdrawn.size > 0 && this.#queues.every((queue) => queue.events === 0))
      this.#withdrawn.clear();
    this.#drain.released();
  }

  /** Leaves out one pair of each sink: an event that all of them leave out leaves memory. */
  #leaveOutPinned(): boolean {
    return this.#queues.map((queue) => queue.leaveOutPinned()).includes(true);
  }

  #maySendOnce(
    committed: Promise<void> | undefined,
    beforeSending: BeforeSending | undefined,
  ): Promise<void> | undefined {
    const bounded = committed && this.#bounded(committed);
    if (!beforeSending) return bounded;
    return bounded ? bounded.then(beforeSending) : beforeSending();
  }

  /** Waits for a commit, with a limit. Events that are committed together share one promise, and one timer. */
  #bounded(committed: Promise<void>): Promise<void> {
    const { sendAfterMs, clock } = this.#options;
    if (this.#latest?.committed !== committed)
      this.#latest = { committed, bounded: within(committed, sendAfterMs, clock) };
    return this.#latest.bounded;
  }

  *#held(): Iterable<HeldEvent> {
    for (const queue of this.#queues)
      for (const place of queue.places()) {
        const outbound = this.#bodies.get(place)?.outbound;
        yield { place, sink: queue.sink.name, ...(outbound && { outbound }) };
      }
  }
}

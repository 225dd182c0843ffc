import type { ConnectionId } from '@rollcall/core';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { Place } from '../journal/journal.ts';
import { emptyChain, none } from './links.ts';
import { flags, type Entry, type WaitingEvents, type WaitingFacts } from './waiting-events.ts';

/** An event that comes to a queue. */
export interface Arrival extends WaitingFacts {
  /** Which connection it begins or ends; absent: it is not left out, since the sink may already have got it. */
  readonly half?: Pick<ConnectionEvent, 'connectionId' | 'type'>;
  /** Whether it is one: then only its turn is kept. */
  readonly announcement?: boolean;
}

/** The two halves of a connection that is left out. */
export interface LeftOut {
  readonly device: number;
  readonly places: readonly [connected: Place, disconnected: Place];
  readonly bytes: number;
  /** How many connections are then not published: this one, and those that its events reported as left out. */
  readonly pairs: number;
}

type End = 'oldest' | 'newest';

/**
 * The events of one tenant for one sink: which of them may be sent now, so that each device has one in flight at most, and
 * which can be left out. It only decides.
 */
export class TenantQueue {
  readonly #waiting: WaitingEvents;
  readonly #all = emptyChain();
  readonly #ready = emptyChain();
  /** The ends of the pairs; their beginnings are their partners. */
  readonly #pairs = emptyChain();
  /** The last event of each device. */
  readonly #tails = new Map<number, Entry>();
  /** Beginnings that were not taken yet, of connections whose end has not come: it may come from another adapter, and never here. */
  readonly #begun = new Map<ConnectionId, Entry>();
  readonly #begins = new Map<Entry, ConnectionId>();
  #events = 0;
  #bytes = 0;
  #pairCount = 0;

  constructor(waiting: WaitingEvents) {
    this.#waiting = waiting;
  }

  /** Without announcements. */
  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many connections can be left out. */
  get pairs(): number {
    return this.#pairCount;
  }

  /** How many connections the queue knows, since their ends would make pairs. */
  get begun(): number {
    return this.#begun.size;
  }

  /** Whether nothing waits, announcements included. */
  get idle(): boolean {
    return this.#tails.size === 0;
  }

  hasDevice(device: number): boolean {
    return this.#tails.has(device);
  }

  add(arrival: Arrival): Entry {
    const waiting = this.#waiting;
    const entry = waiting.add(arrival);
    const tail = this.#tails.get(arrival.device) ?? none;
    waiting.ofDevice.linkBehind(tail, entry);
    this.#tails.set(arrival.device, entry);
    if (tail === none) this.#makeReady(entry);
    if (arrival.announcement === true) {
      waiting.set(entry, flags.announcement);
      return entry;
    }
    waiting.ofTenant.append(this.#all, entry);
    this.#events += 1;
    this.#bytes += arrival.bytes;
    if (arrival.half) this.#findPair(entry, arrival.half);
    return entry;
  }

  /** Takes the next event whose turn it is. From then on it is never left out. */
  takeReady(): Entry | undefined {
    const entry = this.#ready.first;
    if (entry === none) return undefined;
    this.#notReady(entry);
    this.#forgetBeginning(entry);
    // The taken event is the beginning: the end comes after it.
    if (this.#waiting.is(entry, flags.paired)) this.#unpair(this.#waiting.partner(entry));
    return entry;
  }

  /** The event that was taken must be sent again: it stays first. */
  again(entry: Entry): void {
    this.#makeReady(entry);
  }

  /** The event that was taken is finished, and the next one of its device may be sent. */
  done(entry: Entry): void {
    this.#drop(entry);
  }

  /** The places of the events that follow this one of its device. */
  following(entry: Entry, count: number): readonly Place[] {
    const waiting = this.#waiting;
    const places: Place[] = [];
    let next = waiting.ofDevice.newer(entry);
    while (next !== none && places.length < count) {
      if (!waiting.is(next, flags.announcement)) places.push(waiting.place(next));
      next = waiting.ofDevice.newer(next);
    }
    return places;
  }

  /** The places of the pair that has waited longest, or shortest. */
  pairAt(end: End): LeftOut['places'] | undefined {
    const second = this.#secondHalfAt(end);
    if (second === none) return undefined;
    return [this.#waiting.place(this.#waiting.partner(second)), this.#waiting.place(second)];
  }

  leaveOut(end: End): LeftOut | undefined {
    const disconnected = this.#secondHalfAt(end);
    if (disconnected === none) return undefined;
    const waiting = this.#waiting;
    const connected = waiting.partner(disconnected);
    const leftOut: LeftOut = {
      device: waiting.device(connected),
      places: [waiting.place(connected), waiting.place(disconnected)],
      bytes: waiting.bytes(connected) + waiting.bytes(disconnected),
      pairs: 1 + waiting.coalesced(connected) + waiting.coalesced(disconnected),
    };
    this.#unpair(disconnected);
    this.#drop(connected);
    this.#drop(disconnected);
    return leftOut;
  }

  /** The places of all events that wait, the oldest first, without announcements. */
  *places(): Iterable<Place> {
    const waiting = this.#waiting;
    for (let entry = this.#all.first; entry !== none; entry = waiting.ofTenant.newer(entry))
      yield waiting.place(entry);
  }

  /** When the event that has waited longest was observed; `undefined` if none waits. */
  oldestAt(): number | undefined {
    return this.#all.first === none ? undefined : this.#waiting.at(this.#all.first);
  }

  #makeReady(entry: Entry): void {
    this.#waiting.set(entry, flags.ready);
    this.#waiting.ready.append(this.#ready, entry);
  }

  #notReady(entry: Entry): void {
    if (!this.#waiting.is(entry, flags.ready)) return;
    this.#waiting.clear(entry, flags.ready);
    this.#waiting.ready.remove(this.#ready, entry);
  }

  #findPair(entry: Entry, { connectionId, type }: NonNullable<Arrival['half']>): void {
    const waiting = this.#waiting;
    if (type === 'connected') {
      const earlier = this.#begun.get(connectionId);
      if (earlier !== undefined) this.#begins.delete(earlier);
      this.#begun.set(connectionId, entry);
      this.#begins.set(entry, connectionId);
      return;
    }
    const beginning = this.#begun.get(connectionId);
    if (beginning === undefined) return;
    this.#forgetBeginning(beginning);
    waiting.pair(beginning, entry);
    waiting.pairs.append(this.#pairs, entry);
    this.#pairCount += 1;
  }

  #forgetBeginning(entry: Entry): void {
    const connection = this.#begins.get(entry);
    if (connection === undefined) return;
    this.#begins.delete(entry);
    this.#begun.delete(connection);
  }

  /** @returns the `disconnected` of the pair, or `none`. */
  #secondHalfAt(end: End): Entry {
    return end === 'oldest' ? this.#pairs.first : this.#pairs.last;
  }

  /** @param end the second half of a pair. */
  #unpair(end: Entry): void {
    const waiting = this.#waiting;
    waiting.pairs.remove(this.#pairs, end);
    waiting.clear(end, flags.paired);
    waiting.clear(waiting.partner(end), flags.paired);
    this.#pairCount -= 1;
  }

  #drop(entry: Entry): void {
    const waiting = this.#waiting;
    const newer = waiting.ofDevice.newer(entry);
    const older = waiting.ofDevice.older(entry);
    waiting.ofDevice.unlink(entry);
    const device = waiting.device(entry);
    if (newer === none && older === none) this.#tails.delete(device);
    else if (newer === none) this.#tails.set(device, older);
    else if (older === none) this.#makeReady(newer);
    this.#notReady(entry);
    if (!waiting.is(entry, flags.announcement)) {
      waiting.ofTenant.remove(this.#all, entry);
      this.#events -= 1;
      this.#bytes -= waiting.bytes(entry);
    }
    waiting.remove(entry);
  }
}

import type { Place } from '../journal/journal.ts';
import { Links, none, resized } from './links.ts';

/** An event that waits for a sink: the number of a row of {@link WaitingEvents}, valid until it is removed. */
export type Entry = number;

/** Facts about an event that waits. */
export interface WaitingFacts {
  readonly place: Place;
  /** When it was observed; milliseconds since the Unix epoch. */
  readonly at: number;
  /** See `deviceNumber`. */
  readonly device: number;
  /** Length of its facts. */
  readonly bytes: number;
  /** How many pairs it reports as left out before it; absent: none. */
  readonly coalesced?: number;
}

export const flags = {
  announcement: 1,
  /** It may be sent now. */
  ready: 2,
  /** Both halves of its connection wait, and neither was taken: the sink cannot have got them. */
  paired: 4,
} as const;

const leastCapacity = 256;

/**
 * What the outbox keeps in memory about events that wait, 69 bytes each: columns of numbers, outside of the heap. A
 * million events that wait are 69 MB, and no work for the garbage collector. The events themselves are elsewhere,
 * see `Bodies`.
 */
export class WaitingEvents {
  #places = new Float64Array(0);
  #ats = new Float64Array(0);
  #devices = new Float64Array(0);
  #bytes = new Uint32Array(0);
  #coalesced = new Uint32Array(0);
  #partners = new Int32Array(0);
  #flags = new Uint8Array(0);
  /** The first row that is free; the next one stands in its column of partners. */
  #free: Entry = none;
  #count = 0;

  /** Events of one device, in the order in which they are sent. */
  readonly ofDevice = new Links();
  /** Events of one tenant, in the order in which they came. */
  readonly ofTenant = new Links();
  /** Ends of connections of one tenant that can be left out with their beginnings. */
  readonly pairs = new Links();
  /** Events of one tenant that may be sent now. */
  readonly ready = new Links();

  get count(): number {
    return this.#count;
  }

  /** How many bytes all rows take, including free ones. */
  get memoryBytes(): number {
    const facts = [this.#places, this.#ats, this.#devices, this.#bytes, this.#coalesced];
    const columns = [...facts, this.#partners, this.#flags];
    const links = [this.ofDevice, this.ofTenant, this.pairs, this.ready];
    return [...columns, ...links].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  add({ place, at, device, bytes, coalesced = 0 }: WaitingFacts): Entry {
    if (this.#free === none) this.#resize(Math.max(leastCapacity, this.#places.length * 2));
    const entry = this.#free;
    this.#free = this.partner(entry);
    this.#places[entry] = place;
    this.#ats[entry] = at;
    this.#devices[entry] = device;
    this.#bytes[entry] = bytes;
    this.#coalesced[entry] = coalesced;
    this.#partners[entry] = none;
    this.#flags[entry] = 0;
    this.#count += 1;
    return entry;
  }

  /** Removes an entry, which must not be in any list any more. */
  remove(entry: Entry): void {
    this.#partners[entry] = this.#free;
    this.#free = entry;
    this.#count -= 1;
    // After an outage, its memory is given back.
    if (this.#count === 0 && this.#places.length > leastCapacity) {
      this.#free = none;
      this.#resize(0);
    }
  }

  place(entry: Entry): Place {
    return this.#places[entry] ?? none;
  }

  at(entry: Entry): number {
    return this.#ats[entry] ?? 0;
  }

  device(entry: Entry): number {
    return this.#devices[entry] ?? 0;
  }

  bytes(entry: Entry): number {
    return this.#bytes[entry] ?? 0;
  }

  coalesced(entry: Entry): number {
    return this.#coalesced[entry] ?? 0;
  }

  /** The other half of its connection, for a paired one. */
  partner(entry: Entry): Entry {
    return this.#partners[entry] ?? none;
  }

  pair(connected: Entry, disconnected: Entry): void {
    this.#partners[connected] = disconnected;
    this.#partners[disconnected] = connected;
    this.set(connected, flags.paired);
    this.set(disconnected, flags.paired);
  }

  is(entry: Entry, flag: number): boolean {
    return ((this.#flags[entry] ?? 0) & flag) !== 0;
  }

  set(entry: Entry, flag: number): void {
    this.#flags[entry] = (this.#flags[entry] ?? 0) | flag;
  }

  clear(entry: Entry, flag: number): void {
    this.#flags[entry] = (this.#flags[entry] ?? 0) & ~flag;
  }

  #resize(capacity: number): void {
    const before = Math.min(this.#places.length, capacity);
    this.#places = resized(this.#places, new Float64Array(capacity));
    this.#ats = resized(this.#ats, new Float64Array(capacity));
    this.#devices = resized(this.#devices, new Float64Array(capacity));
    this.#bytes = resized(this.#bytes, new Uint32Array(capacity));
    this.#coalesced = resized(this.#coalesced, new Uint32Array(capacity));
    this.#partners = resized(this.#partners, new Int32Array(capacity));
    this.#flags = resized(this.#flags, new Uint8Array(capacity));
    for (const links of [this.ofDevice, this.ofTenant, this.pairs, this.ready]) links.resize(capacity);
    for (let entry = capacity - 1; entry >= before; entry--) {
      this.#partners[entry] = this.#free;
      this.#free = entry;
    }
  }
}

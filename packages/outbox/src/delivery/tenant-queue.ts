import type { ConnectionEvent, ConnectionId } from '@rollcall/core';
import type { Place } from '../journal/journal.ts';
import { emptyChain, none } from './links.ts';
import { flags, type Entry, type WaitingEvents, type WaitingFacts } from './waiting-events.ts';

/** An event that comes to a queue. */
export interface Arrival extends WaitingFacts {
  /** Which connection it begins or ends; absent: it is not left out, since the sink may have been handed it before. */
  readonly half?: Pick<ConnectionEvent, 'connectionId' | 'type'>;
  /** Then nothing is kept of it but its turn. */
  readonly announcement?: boolean;
}

/** Both halves of a connection that are left out. */
export interface LeftOut {
  readonly device: number;
  readonly places: readonly [connected: Place, disconnected: Place];
  readonly bytes: number;
  /** Connections that go untold with it: itself, and those that its events said were left out before them. */
  readonly pairs: number;
}

/**
 * The events of one tenant for one sink: which of them may be sent now, so that each device has one in flight at most, and
 * which can be left out. Decides, and does nothing.
 */
export interface TenantQueue {
  /** Without announcements. */
  readonly events: number;
  readonly bytes: number;
  /** Connections that can be left out. */
  readonly pairs: number;
  /** Whether nothing waits, announcements included. */
  readonly idle: boolean;
  add(arrival: Arrival): Entry;
  hasDevice(device: number): boolean;
  /** Takes the next event whose turn it is. It then is not left out any more. */
  takeReady(): Entry | undefined;
  /** The event that was taken must be sent again: it is its turn again. */
  again(entry: Entry): void;
  /** The event that was taken is done with, and the next one of its device may be sent. */
  done(entry: Entry): void;
  /** The places of the events that follow this one of its device. */
  following(entry: Entry, count: number): readonly Place[];
  /** Of the pair that has waited longest, or shortest, the places. */
  pairAt(end: 'oldest' | 'newest'): LeftOut['places'] | undefined;
  leaveOut(end: 'oldest' | 'newest'): LeftOut | undefined;
  /** Of all that wait, the oldest first, without announcements. */
  places(): Iterable<Place>;
  /** When the event that has waited longest was observed; `undefined` if none waits. */
  oldestAt(): number | undefined;
}

export function createTenantQueue(waiting: WaitingEvents): TenantQueue {
  const { ofDevice, ofTenant } = waiting;
  const all = emptyChain();
  const ready = emptyChain();
  /** The ends of them; their beginnings are their partners. */
  const pairs = emptyChain();
  /** The last event of each device. */
  const tails = new Map<number, Entry>();
  /** Beginnings that wait, of connections that go on. A row may be another event's by the time it is looked up. */
  const begun = new Map<ConnectionId, { readonly entry: Entry; readonly place: Place }>();
  let events = 0;
  let bytes = 0;
  let pairCount = 0;

  function makeReady(entry: Entry): void {
    waiting.set(entry, flags.ready);
    waiting.ready.append(ready, entry);
  }

  function notReady(entry: Entry): void {
    if (!waiting.is(entry, flags.ready)) return;
    waiting.clear(entry, flags.ready);
    waiting.ready.remove(ready, entry);
  }

  function findPair(entry: Entry, { connectionId, type }: NonNullable<Arrival['half']>): void {
    if (type === 'connected') {
      begun.set(connectionId, { entry, place: waiting.place(entry) });
      return;
    }
    const beginning = begun.get(connectionId);
    if (!beginning) return;
    begun.delete(connectionId);
    if (waiting.place(beginning.entry) !== beginning.place || waiting.is(beginning.entry, flags.attempted))
      return;
    waiting.pair(beginning.entry, entry);
    waiting.pairs.append(pairs, entry);
    pairCount += 1;
  }

  /** @param end the second half of a pair. */
  function unpair(end: Entry): void {
    waiting.pairs.remove(pairs, end);
    waiting.clear(end, flags.paired);
    waiting.clear(waiting.partner(end), flags.paired);
    pairCount -= 1;
  }

  function drop(entry: Entry): void {
    const newer = ofDevice.newer(entry);
    const older = ofDevice.older(entry);
    ofDevice.unlink(entry);
    const device = waiting.device(entry);
    if (newer === none && older === none) tails.delete(device);
    else if (newer === none) tails.set(device, older);
    else if (older === none) makeReady(newer);
    notReady(entry);
    if (!waiting.is(entry, flags.announcement)) {
      ofTenant.remove(all, entry);
      events -= 1;
      bytes -= waiting.bytes(entry);
    }
    waiting.remove(entry);
  }

  function pairAt(end: 'oldest' | 'newest'): readonly [connected: Entry, disconnected: Entry] | undefined {
    const second = end === 'oldest' ? pairs.first : pairs.last;
    return second === none ? undefined : [waiting.partner(second), second];
  }

  return {
    get events() {
      return events;
    },
    get bytes() {
      return bytes;
    },
    get pairs() {
      return pairCount;
    },
    get idle() {
      return tails.size === 0;
    },
    add(arrival) {
      const entry = waiting.add(arrival);
      const tail = tails.get(arrival.device) ?? none;
      ofDevice.linkBehind(tail, entry);
      tails.set(arrival.device, entry);
      if (tail === none) makeReady(entry);
      if (arrival.announcement === true) {
        waiting.set(entry, flags.announcement);
        return entry;
      }
      ofTenant.append(all, entry);
      events += 1;
      bytes += arrival.bytes;
      if (arrival.half) findPair(entry, arrival.half);
      return entry;
    },
    hasDevice: (device) => tails.has(device),
    takeReady() {
      const entry = ready.first;
      if (entry === none) return undefined;
      notReady(entry);
      waiting.set(entry, flags.attempted);
      // It is the beginning: the end stands behind it.
      if (waiting.is(entry, flags.paired)) unpair(waiting.partner(entry));
      return entry;
    },
    again: makeReady,
    done: drop,
    following(entry, count) {
      const places: Place[] = [];
      let next = ofDevice.newer(entry);
      while (next !== none && places.length < count) {
        if (!waiting.is(next, flags.announcement)) places.push(waiting.place(next));
        next = ofDevice.newer(next);
      }
      return places;
    },
    pairAt(end) {
      const pair = pairAt(end);
      return pair && [waiting.place(pair[0]), waiting.place(pair[1])];
    },
    leaveOut(end) {
      const pair = pairAt(end);
      if (!pair) return undefined;
      const [connected, disconnected] = pair;
      const leftOut: LeftOut = {
        device: waiting.device(connected),
        places: [waiting.place(connected), waiting.place(disconnected)],
        bytes: waiting.bytes(connected) + waiting.bytes(disconnected),
        pairs: 1 + waiting.coalesced(connected) + waiting.coalesced(disconnected),
      };
      unpair(disconnected);
      drop(connected);
      drop(disconnected);
      return leftOut;
    },
    *places() {
      for (let entry = all.first; entry !== none; entry = ofTenant.newer(entry)) yield waiting.place(entry);
    },
    oldestAt: () => (all.first === none ? undefined : waiting.at(all.first)),
  };
}

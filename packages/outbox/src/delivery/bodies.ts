import type { OutboundEvent } from '@rollcall/core';
import { factsOf } from '../journal/facts-of.ts';
import type { Journal, Place } from '../journal/journal.ts';
import { takeFirst } from '../journal/take-first.ts';

/** An event in memory. */
interface Body {
  readonly outbound: OutboundEvent;
  readonly bytes: number;
  /** What has to come before it is sent; absent: nothing. */
  readonly committed: Promise<void> | undefined;
  /** Sinks that have still to be done with it. */
  users: number;
  /** Whether it was read back, and is being sent: then it is needed now. */
  inUse: boolean;
}

/** The events themselves, of those that wait: in memory while there is room, else read back from the journal when it is their turn. */
export interface Bodies {
  /** Takes an event over for `users` sinks. */
  keep(place: Place, outbound: OutboundEvent, users: number, committed: Promise<void> | undefined): void;
  /** An event that is in memory. */
  get(place: Place): Pick<Body, 'outbound' | 'committed'> | undefined;
  /**
   * Reads an event back, together with others that are asked for at the same time; `undefined` where the journal does not have
   * it. Waits while too many that were read are being sent. Rejects where the journal cannot be read now.
   *
   * @param ahead those that will be asked for next: read too where there is room.
   */
  fetch(place: Place, ahead: readonly Place[]): Promise<OutboundEvent | undefined>;
  /** The event was sent without success: it is needed again later. */
  putBack(place: Place): void;
  /** One sink needs this event no more. */
  done(place: Place): void;
  /** What those that are in memory take, about. */
  readonly memoryBytes: number;
  /** Whether events that are in memory alone, since the journal does not have them, are more than may be. */
  readonly overBound: boolean;
  /** Whether the event is in memory alone. */
  isPinned(place: Place): boolean;
}

/** Who waits for an event that is to be read. */
type Asked = readonly [Place, PromiseWithResolvers<OutboundEvent | undefined>];

/** Events that are read at a time. */
const readAtOnce = 200;
/** What an event costs beside its facts as JSON: its facts as an object, and the wrapping of both. */
const overheadBytes = 1_300;

/**
 * Half of `maxBytes` may be events that the journal has as well, so that those who wait for a moment only are never read back;
 * all of it may be events that it does not have. The oldest are kept: it is their turn first.
 */
export function createBodies(journal: Pick<Journal, 'holds' | 'read'>, maxBytes: number): Bodies {
  const crowdedBytes = maxBytes * 0.75;
  const held = new Map<Place, Body>();
  const wanted = new Map<Place, PromiseWithResolvers<OutboundEvent | undefined>>();
  const wantedAhead = new Set<Place>();
  let bytes = 0;
  let inUseBytes = 0;
  let sweepAbove = maxBytes / 2;
  let reading = false;
  let watched: Promise<void> | undefined;

  /** Announcements have places below 0, and are nowhere else. */
  function isInJournal(place: Place): boolean {
    return place > 0 && journal.holds(place);
  }

  function put(place: Place, body: Body): void {
    held.set(place, body);
    bytes += body.bytes;
    if (body.inUse) inUseBytes += body.bytes;
  }

  function drop(place: Place, body: Body): void {
    held.delete(place);
    bytes -= body.bytes;
    notInUse(body);
  }

  function notInUse(body: Body): void {
    if (!body.inUse) return;
    body.inUse = false;
    inUseBytes -= body.bytes;
    readNext();
  }

  /** Each sweep frees a part of `maxBytes`, or waits until as much came again: so that it costs little for each event. */
  function sweep(): void {
    let kept = 0;
    for (const [place, body] of held) {
      if (!body.inUse && kept >= maxBytes / 4 && isInJournal(place)) drop(place, body);
      else kept += body.bytes;
    }
    sweepAbove = Math.max(maxBytes / 2, bytes + maxBytes / 8);
  }

  /** Where much is not committed yet, it is as soon as it is. */
  function sweepOnceCommitted(committed: Promise<void>): void {
    if (watched === committed) return;
    watched = committed;
    void committed.then(() => {
      if (bytes > crowdedBytes) sweep();
    });
  }

  function readNext(): void {
    // One at least, or those that are sent could wait for ever for those that cannot be read.
    if (reading || wanted.size === 0 || (inUseBytes > 0 && inUseBytes >= maxBytes / 2)) return;
    reading = true;
    // After this turn, so that all who ask in it are served together.
    queueMicrotask(() => void read());
  }

  async function read(): Promise<void> {
    const asked = takeFirst(wanted, readAtOnce);
    const ahead = bytes < maxBytes / 2 ? [...wantedAhead].slice(0, readAtOnce - asked.length) : [];
    wantedAhead.clear();
    try {
      const events = await journal.read([...asked.map(([place]) => place), ...ahead]);
      for (const [index, one] of asked.entries()) answer(one, events[index]);
      for (const [index, place] of ahead.entries()) arrived(place, events[asked.length + index], false);
    } catch (error) {
      await readOneByOne(asked, error);
    }
    reading = false;
    readNext();
  }

  /** So that what cannot be read holds up nothing that can be. */
  async function readOneByOne(asked: readonly Asked[], cause: unknown): Promise<void> {
    for (const one of asked) {
      const [place, { reject }] = one;
      try {
        if (asked.length === 1) throw cause;
        answer(one, (await journal.read([place]))[0]);
      } catch (error) {
        reject(error);
      }
    }
  }

  function answer([place, { resolve }]: Asked, outbound: OutboundEvent | undefined): void {
    arrived(place, outbound, true);
    resolve(outbound);
  }

  function arrived(place: Place, outbound: OutboundEvent | undefined, inUse: boolean): void {
    if (outbound && !held.has(place)) put(place, bodyOf(outbound, inUse));
  }

  return {
    keep(place, outbound, users, committed) {
      put(place, { outbound, bytes: bytesOf(outbound), committed, users, inUse: false });
      if (bytes > sweepAbove) sweep();
      if (committed && bytes > crowdedBytes) sweepOnceCommitted(committed);
    },
    get: (place) => held.get(place),
    fetch(place, ahead) {
      let promise = wanted.get(place);
      if (!promise) wanted.set(place, (promise = Promise.withResolvers()));
      for (const next of ahead) if (!held.has(next)) wantedAhead.add(next);
      readNext();
      return promise.promise;
    },
    putBack(place) {
      const body = held.get(place);
      if (!body?.inUse) return;
      if (bytes > maxBytes / 2) drop(place, body);
      else notInUse(body);
    },
    done(place) {
      const body = held.get(place);
      if (body && (body.users -= 1) <= 0) drop(place, body);
    },
    get memoryBytes() {
      return bytes;
    },
    get overBound() {
      return bytes > maxBytes;
    },
    isPinned: (place) => held.has(place) && !isInJournal(place),
  };
}

function bodyOf(outbound: OutboundEvent, inUse: boolean): Body {
  return { outbound, bytes: bytesOf(outbound), committed: undefined, users: 1, inUse };
}

function bytesOf(outbound: OutboundEvent): number {
  return factsOf(outbound).length + overheadBytes;
}

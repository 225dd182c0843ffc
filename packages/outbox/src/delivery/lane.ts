import {
  later,
  type Clock,
  type Delivery,
  type EventSink,
  type Instant,
  type Log,
  type OutboundEvent,
  type Random,
} from '@rollcall/core';
import type { Place } from '../journal/journal.ts';
import { backoffMs, type BackoffLimits } from './backoff.ts';
import type { Bodies } from './bodies.ts';
import { createTenantQueue, type Arrival, type TenantQueue } from './tenant-queue.ts';
import { flags, type Entry, type WaitingEvents } from './waiting-events.ts';

/** Failures in a row, of any devices, after which the whole lane waits before it tries again. */
const failuresBeforePause = 3;
/** Events of one device that are read from the journal together. */
const readAhead = 16;

/** What became of an event that was handed to the sink. */
export interface Tried {
  readonly place: Place;
  readonly outbound: OutboundEvent;
  readonly delivery: Delivery;
}

export interface LaneContext {
  readonly tenant: string;
  readonly sink: EventSink;
  readonly waiting: WaitingEvents;
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly backoff: BackoffLimits;
  /** Greatest number of events in flight at a time. */
  readonly window: number;
  /** Aborts when the outbox closes. */
  readonly signal: AbortSignal;
  /** Whether anything may be sent yet. */
  maySend(): boolean;
  /** What became of a try. Told before the next event of the device goes out. Not of announcements. */
  tried(tried: Tried): void;
  /** The journal does not have an event any more that was to be sent. */
  lost(): void;
  /** The event of this place waits no more; told after {@link tried}. */
  released(bytes: number): void;
}

/** The way of one tenant's events to one sink. Its trouble stalls nobody else. */
export interface Lane extends Pick<
  TenantQueue,
  'events' | 'bytes' | 'pairs' | 'pairAt' | 'leaveOut' | 'oldestAt' | 'places'
> {
  readonly tenant: string;
  /** Whether the sink refused the latest event that it answered for. */
  readonly isRefused: boolean;
  append(arrival: Arrival): void;
  /**
   * Whether an announcement of this device may be said: not while the lane has trouble, nor while an event of the device
   * waits, for that says more.
   */
  mayAnnounce(device: number): boolean;
  /** Sends what can be sent now. */
  pump(): void;
  /** The destination can be reached again: what waits only because it could not be is sent now, a few at first. */
  reachable(): void;
  stop(): void;
}

/**
 * Devices are pipelined, each with one event in flight. A device whose event must be tried again waits by itself;
 * failures in a row halve the lane's window and then pause the lane, so that a network that is away is asked by a
 * few tries and not by all devices.
 */
export function createLane(context: LaneContext): Lane {
  const { clock, random, sink, waiting, bodies } = context;
  const queue = createTenantQueue(waiting);
  /** Tries in a row of one event that were `retryable`. */
  const failures = new Map<Entry, number>();
  /** Events that wait for their next try. */
  const backingOff = new Map<Entry, { readonly disarm: () => void; readonly unreachable: boolean }>();
  let disarmPause = (): void => {};
  let inFlight = 0;
  let failuresInARow = 0;
  let pausedUntil = clock.monotonic();
  let isRefused = false;
  let stopped = false;

  function pump(): void {
    if (stopped || !context.maySend() || clock.monotonic() < pausedUntil) return;
    const window = Math.max(1, context.window >> Math.min(failuresInARow, 30));
    while (inFlight < window) {
      const entry = queue.takeReady();
      if (entry === undefined) return;
      void send(entry);
    }
  }

  async function send(entry: Entry): Promise<void> {
    inFlight += 1;
    const place = waiting.place(entry);
    const isAnnouncement = waiting.is(entry, flags.announcement);
    const inMemory = bodies.get(place);
    // Wait for the commit: if an uncommitted event were sent and then lost in a crash, the next run would report the same
    // fact with other ids.
    if (inMemory?.committed) await inMemory.committed;
    const outbound = inMemory?.outbound ?? (await readBack(entry, place));
    if (outbound === undefined || outbound instanceof Error) {
      inFlight -= 1;
      notRead(entry, outbound);
    } else {
      let delivery: Delivery;
      try {
        delivery = await sink.deliver(outbound, context.signal);
      } catch (error) {
        delivery = brokenContract(error);
      }
      inFlight -= 1;
      settle(entry, outbound, delivery, isAnnouncement);
    }
    pump();
  }

  function notRead(entry: Entry, cause: Error | undefined): void {
    if (cause) {
      context.log.debug({ sink: sink.name, err: cause }, 'event could not be read from the journal');
      retryLater(entry, 0, false);
    } else {
      context.lost();
      next(entry);
    }
  }

  function settle(entry: Entry, outbound: OutboundEvent, delivery: Delivery, isAnnouncement: boolean): void {
    const place = waiting.place(entry);
    if (delivery.status === 'delivered') isRefused = false;
    else if (delivery.status === 'refused' && !isAnnouncement) isRefused = true;
    if (!isAnnouncement) context.tried({ place, outbound, delivery });
    if (isAnnouncement) release(entry);
    else if (delivery.status === 'retryable')
      retryLater(entry, delivery.retryAfterMs ?? 0, delivery.unreachable === true);
    else next(entry);
  }

  /** An event that is not in memory; `undefined` where nobody has it any more. */
  async function readBack(entry: Entry, place: Place): Promise<OutboundEvent | Error | undefined> {
    try {
      return await bodies.fetch(place, queue.following(entry, readAhead));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** A sink must not reject; one that does must not lose the event either. */
  function brokenContract(error: unknown): Delivery {
    const cause = error instanceof Error ? error : new Error(String(error));
    context.log.error({ sink: sink.name, err: cause }, 'event sink broke its contract: deliver() rejected');
    return { status: 'retryable', cause };
  }

  function next(entry: Entry): void {
    failures.delete(entry);
    const wasInTrouble = failuresInARow > 0;
    failuresInARow = 0;
    release(entry);
    if (wasInTrouble) reachable();
  }

  function reachable(): void {
    pausedUntil = clock.monotonic();
    disarmPause();
    for (const [entry, { disarm, unreachable }] of backingOff) {
      if (!unreachable) continue;
      disarm();
      tryAgain(entry);
    }
    pump();
  }

  function tryAgain(entry: Entry): void {
    backingOff.delete(entry);
    queue.again(entry);
  }

  function release(entry: Entry): void {
    const place = waiting.place(entry);
    const bytes = waiting.bytes(entry);
    const isAnnouncement = waiting.is(entry, flags.announcement);
    queue.done(entry);
    bodies.done(place);
    if (!isAnnouncement) context.released(bytes);
  }

  function retryLater(entry: Entry, atLeastMs: number, unreachable: boolean): void {
    bodies.putBack(waiting.place(entry));
    const failed = (failures.get(entry) ?? 0) + 1;
    failures.set(entry, failed);
    failuresInARow += 1;
    if (failuresInARow >= failuresBeforePause) {
      const pauseMs = backoffMs(failuresInARow - failuresBeforePause + 1, random, context.backoff);
      pausedUntil = later(clock.monotonic(), pauseMs);
      disarmPause();
      disarmPause = wakeAt(pausedUntil, () => {});
    }
    const delayMs = Math.max(atLeastMs, backoffMs(failed, random, context.backoff));
    const disarm = wakeAt(later(clock.monotonic(), delayMs), () => tryAgain(entry));
    backingOff.set(entry, { disarm, unreachable });
  }

  function wakeAt(instant: Instant, prepare: () => void): () => void {
    if (stopped) return () => {};
    return clock.at(instant, () => {
      prepare();
      pump();
    });
  }

  return {
    tenant: context.tenant,
    get isRefused() {
      return isRefused;
    },
    get events() {
      return queue.events;
    },
    get bytes() {
      return queue.bytes;
    },
    get pairs() {
      return queue.pairs;
    },
    append(arrival) {
      queue.add(arrival);
      pump();
    },
    mayAnnounce: (device) => failuresInARow === 0 && !queue.hasDevice(device),
    pairAt: queue.pairAt,
    leaveOut: queue.leaveOut,
    oldestAt: queue.oldestAt,
    places: queue.places,
    pump,
    reachable,
    stop() {
      stopped = true;
      disarmPause();
      for (const { disarm } of backingOff.values()) disarm();
      backingOff.clear();
    },
  };
}

import {
  within,
  type Clock,
  type DeviceRef,
  type EventSink,
  type Log,
  type OutboundEvent,
  type Random,
} from '@rollcall/core';
import { factsOf } from '../journal/facts-of.ts';
import type { Holdings, Journal, Owed, PendingEvent } from '../journal/journal.ts';
import type { BackoffLimits } from './backoff.ts';
import { createBodies } from './bodies.ts';
import type { DeliveryObserver } from './delivery-observer.ts';
import { createCoalesced } from './coalesced.ts';
import { deviceNumber } from '../journal/device-number.ts';
import type { Tried } from './lane.ts';
import { memoryLimit } from './memory-limit.ts';
import { createSinkQueue } from './sink-queue.ts';
import type { Arrival } from './tenant-queue.ts';
import { WaitingEvents } from './waiting-events.ts';

export interface OutboxBounds {
  /** Events that may wait for one sink. Beyond it, pairs are left out. */
  readonly maxEvents: number;
  /** Bytes of encoded messages that may wait for one sink. */
  readonly maxBytes: number;
  /**
   * Bytes of memory that the events themselves may take; beyond it, they are read back from the journal when it is their turn.
   * Default: an eighth of the heap limit of Node.js.
   */
  readonly maxMemoryBytes?: number;
}

export interface OutboxOptions {
  readonly sinks: readonly EventSink[];
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly observer: DeliveryObserver;
  readonly bounds: OutboxBounds;
  readonly backoff: BackoffLimits;
  /** Events in flight at a time, per sink and tenant. */
  readonly window: number;
  /** An event is sent once it is in the journal, or after this time where the journal does not answer. */
  readonly sendAfterMs: number;
  /** What an earlier incarnation left out, and did not say. */
  readonly owed?: readonly Owed[];
}

export interface SinkDepth {
  readonly sink: string;
  readonly events: number;
  readonly bytes: number;
  readonly parked: number;
  /** Tenants whose latest event the sink refused. */
  readonly refusingTenants: number;
  /** When the event that has waited longest was observed, in milliseconds since the Unix epoch. */
  readonly oldestAt: number | undefined;
}

/** Events on their way to the sinks. */
export interface Outbox {
  /** Takes an event over. The result is that of the journal: `undefined` says that it is safe already. */
  append(outbound: OutboundEvent): Promise<void> | undefined;
  /**
   * Queues what an earlier incarnation left for one of its sinks, without journaling it again. `false` where the adapter has no
   * such sink: the event stays in the journal for one that has.
   */
  resume(sink: string, pending: PendingEvent): boolean;
  /** Sends nothing until the result is called: what an earlier incarnation left is to be known before. */
  hold(): () => void;
  /** Sends an announcement to every sink that is not in trouble. It is neither journaled nor tried again. */
  announce(outbound: OutboundEvent): void;
  /** Number of pairs of this device that were left out and that no event says: for the next one, which is appended at once. */
  coalescedOf(device: DeviceRef): number;
  depth(): readonly SinkDepth[];
  /** What the journal has, too, of what waits. */
  holdings(): Pick<Holdings, 'waiting' | 'owed'>;
  /** Bytes of memory that everything that waits takes, about. */
  memoryBytes(): number;
  /** Resolves when nothing waits any more, or when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void>;
  /** Sends nothing any more. What still waits stays in the journal. */
  stop(): void;
  /** Stops, and closes the sinks and the journal. */
  close(): Promise<void>;
}

/** One lane per sink and tenant behind one door; bounded by leaving out whole pairs, and counting them. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { clock, journal, observer, bounds } = options;
  const closing = new AbortController();
  const drainWaiters = new Set<() => void>();
  const bodies = createBodies(journal, bounds.maxMemoryBytes ?? memoryLimit(0));
  const waiting = new WaitingEvents();
  let latest: { readonly committed: Promise<void>; readonly bounded: Promise<void> } | undefined;
  let announcements = 0;
  let isHeld = false;
  const sinkNames = options.sinks.map((sink) => sink.name);
  const coalesced = createCoalesced(sinkNames, options.owed);
  const queues = options.sinks.map((sink) =>
    createSinkQueue(
      { ...options, sink, waiting, bodies, signal: closing.signal, maySend: () => !isHeld },
      {
        tried: (tried) => settled(sink.name, tried),
        released() {
          if (drainWaiters.size > 0 && isEmpty()) for (const wake of drainWaiters) wake();
        },
        leftOut(tenant, { device, places, pairs }) {
          journal.leaveOut(sink.name, places, coalesced.add(sink.name, tenant, device, pairs));
          for (const place of places) bodies.done(place);
          observer.leftOut(sink.name);
        },
      },
    ),
  );

  function isEmpty(): boolean {
    return queues.every((queue) => queue.events === 0);
  }

  /** One pair of each sink: what all of them leave out is out of memory. */
  function leaveOutPinned(): boolean {
    return queues.map((queue) => queue.leaveOutPinned()).includes(true);
  }

  /** Events that are committed together share one promise, and one timer. */
  function bounded(committed: Promise<void>): Promise<void> {
    if (latest?.committed !== committed)
      latest = { committed, bounded: within(committed, options.sendAfterMs, clock) };
    return latest.bounded;
  }

  function settled(sink: string, { place, outbound: { event }, delivery }: Tried): void {
    switch (delivery.status) {
      case 'delivered':
        journal.forget(sink, place);
        observer.delivered(sink, event, clock.now() - event.at);
        return;
      case 'retryable':
        observer.retried(sink, event, delivery.cause);
        return;
      case 'refused':
        journal.park(sink, place, delivery.cause.message);
        observer.parked(sink, event, delivery.cause);
        return;
      default:
        delivery satisfies never;
    }
  }

  function stop(): void {
    closing.abort();
    for (const queue of queues) queue.stop();
  }

  return {
    append(outbound) {
      const { event } = outbound;
      const device = deviceNumber(event.device.device);
      const { tenant } = event.device;
      const said =
        event.coalesced === undefined ? undefined : coalesced.said(tenant, device, event.coalesced);
      const { place, committed } = journal.append(outbound, sinkNames, said?.owed);
      for (const owed of said?.forgotten ?? []) journal.leaveOut(owed.sink, [], owed);
      const arrival: Arrival = {
        place,
        at: event.at,
        device,
        bytes: factsOf(outbound).length,
        ...(event.coalesced !== undefined && { coalesced: event.coalesced }),
        half: event,
      };
      if (queues.length > 0) bodies.keep(place, outbound, queues.length, committed && bounded(committed));
      for (const queue of queues) queue.append(tenant, arrival);
      while (bodies.overBound && leaveOutPinned());
      return committed;
    },
    resume(sink, { place, device, at, bytes }) {
      const queue = queues.find((each) => each.sink.name === sink);
      queue?.append(device.tenant, { place, at, device: deviceNumber(device.device), bytes });
      return queue !== undefined;
    },
    hold() {
      isHeld = true;
      return () => {
        isHeld = false;
        for (const queue of queues) queue.pump();
      };
    },
    announce(outbound) {
      const { device, at } = outbound.event;
      const number = deviceNumber(device.device);
      const willing = queues.filter((queue) => queue.mayAnnounce(device.tenant, number));
      if (willing.length === 0) return;
      const place = -(announcements += 1);
      bodies.keep(place, outbound, willing.length, undefined);
      for (const queue of willing)
        queue.append(device.tenant, { place, at, device: number, bytes: 0, announcement: true });
    },
    coalescedOf: ({ tenant, device }) => coalesced.next(tenant, () => deviceNumber(device)),
    depth: () => queues.map((queue) => queue.depth()),
    holdings: () => ({
      *waiting() {
        for (const queue of queues)
          for (const place of queue.places()) {
            const outbound = bodies.get(place)?.outbound;
            yield { place, sink: queue.sink.name, ...(outbound && { outbound }) };
          }
      },
      owed: coalesced.all(),
    }),
    memoryBytes: () => bodies.memoryBytes + waiting.memoryBytes,
    drained: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted || isEmpty()) {
          resolve();
          return;
        }
        const done = (): void => {
          drainWaiters.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        drainWaiters.add(done);
        signal.addEventListener('abort', done, { once: true });
      }),
    stop,
    async close() {
      stop();
      await Promise.all(options.sinks.map((sink) => sink.close()));
      await journal.close();
    },
  };
}

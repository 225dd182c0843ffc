import {
  deviceKey,
  within,
  type Clock,
  type Delivery,
  type DeviceRef,
  type EventSink,
  type Log,
  type OutboundEvent,
  type Random,
} from '@rollcall/core';
import type { BackoffLimits } from './backoff.ts';
import type { Arrival, Entry } from './device-queue.ts';
import type { Journal } from '../journal/journal.ts';
import { createLane, type Lane } from './lane.ts';

export interface OutboxBounds {
  /** Events that may wait for one sink. Beyond it, pairs are left out. */
  readonly maxEvents: number;
  /** Bytes of encoded messages that may wait for one sink. */
  readonly maxBytes: number;
}

/** What the outbox tells whoever counts. */
interface OutboxObserver {
  delivered(sink: string, outbound: OutboundEvent): void;
  retried(sink: string, cause: Error): void;
  parked(sink: string, outbound: OutboundEvent, cause: Error): void;
  leftOut(sink: string): void;
}

export interface OutboxOptions {
  readonly sinks: readonly EventSink[];
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly observer: OutboxObserver;
  readonly bounds: OutboxBounds;
  readonly backoff: BackoffLimits;
  /** Events in flight at a time, per sink and tenant. */
  readonly window: number;
  /** An event is sent once it is in the journal, or after this time where the journal does not answer. */
  readonly sendAfterMs: number;
}

export interface SinkDepth {
  readonly sink: string;
  readonly events: number;
  readonly bytes: number;
  readonly parked: number;
  /** When the event that has waited longest was observed, in milliseconds since the Unix epoch. */
  readonly oldestAt: number | undefined;
}

/** Events on their way to the sinks. */
export interface Outbox {
  /** Takes an event over. The result is that of the journal: `undefined` says that it is safe already. */
  append(outbound: OutboundEvent): Promise<void> | undefined;
  /**
   * Queues what an earlier incarnation left, without journaling it again. `false` where the adapter has no such sink: the
   * event stays in the journal for one that has.
   */
  resume(sink: string, outbound: OutboundEvent): boolean;
  /** Sends an announcement to every sink that is not in trouble. It is neither journaled nor tried again. */
  announce(outbound: OutboundEvent): void;
  /** Number of pairs of this device left out since the last call. */
  takeCoalesced(device: DeviceRef): number;
  depth(): readonly SinkDepth[];
  /** Resolves when nothing waits any more, or when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void>;
  /** Stops sending. What still waits stays in the journal. */
  close(): Promise<void>;
}

interface SinkQueue {
  readonly sink: EventSink;
  readonly lanes: Map<string, Lane>;
  events: number;
  bytes: number;
  /** Those are with the journal alone. */
  parked: number;
  full: boolean;
}

/** One lane per sink and tenant behind one door; bounded by leaving out whole pairs, and counting them. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { clock, random, log, journal, observer, bounds } = options;
  const closing = new AbortController();
  const coalesced = new Map<string, number>();
  const drainWaiters = new Set<() => void>();
  let latest: { readonly committed: Promise<void>; readonly bounded: Promise<void> } | undefined;
  const sinkNames = options.sinks.map((sink) => sink.name);
  const queues = options.sinks.map((sink): SinkQueue => ({
    sink,
    lanes: new Map(),
    events: 0,
    bytes: 0,
    parked: 0,
    full: false,
  }));

  /** Events that are committed together share one promise, and one timer. */
  function bounded(committed: Promise<void>): Promise<void> {
    if (latest?.committed !== committed)
      latest = { committed, bounded: within(committed, options.sendAfterMs, clock) };
    return latest.bounded;
  }

  function laneOf(queue: SinkQueue, tenant: string): Lane {
    let lane = queue.lanes.get(tenant);
    if (!lane) {
      lane = createLane({
        sink: queue.sink,
        clock,
        random,
        log,
        backoff: options.backoff,
        window: options.window,
        signal: closing.signal,
        settled: (entry, delivery) => settled(queue, entry, delivery),
      });
      queue.lanes.set(tenant, lane);
    }
    return lane;
  }

  function enqueue(queue: SinkQueue, arrival: Arrival): void {
    const { message, event } = arrival.outbound;
    queue.events += 1;
    queue.bytes += message.byteLength;
    laneOf(queue, event.device.tenant).append(arrival);
    keepWithinBounds(queue);
  }

  function settled(queue: SinkQueue, entry: Entry, delivery: Delivery): void {
    const { sink } = queue;
    if (entry.outbound.announcement) return;
    switch (delivery.status) {
      case 'delivered':
        journal.forget(sink.name, entry.outbound.event.id);
        observer.delivered(sink.name, entry.outbound);
        release(queue, entry);
        return;
      case 'retryable':
        observer.retried(sink.name, delivery.cause);
        return;
      case 'refused':
        journal.park(sink.name, entry.outbound.event.id, delivery.cause.message);
        queue.parked += 1;
        observer.parked(sink.name, entry.outbound, delivery.cause);
        release(queue, entry);
        return;
      default:
        delivery satisfies never;
    }
  }

  function release(queue: SinkQueue, entry: Entry): void {
    queue.events -= 1;
    queue.bytes -= entry.outbound.message.byteLength;
    if (queue.full && queue.events < bounds.maxEvents && queue.bytes < bounds.maxBytes) {
      queue.full = false;
      log.info({ sink: queue.sink.name }, 'outbox is within its bound again');
    }
    if (queues.every((each) => each.events === 0)) for (const wake of drainWaiters) wake();
  }

  function keepWithinBounds(queue: SinkQueue): void {
    while (queue.events > bounds.maxEvents || queue.bytes > bounds.maxBytes) {
      if (!queue.full) {
        queue.full = true;
        log.warn(
          { sink: queue.sink.name, ...bounds },
          'outbox is full: whole connections are left out, and counted',
        );
      }
      const pair = leaveOutPair(queue);
      // Nothing can be left out without breaking a pair: what is announced or open now must go through.
      if (!pair) return;
      const key = deviceKey(pair[0].outbound.event.device);
      coalesced.set(key, (coalesced.get(key) ?? 0) + 1);
      for (const entry of pair) {
        journal.forget(queue.sink.name, entry.outbound.event.id);
        release(queue, entry);
      }
      observer.leftOut(queue.sink.name);
    }
  }

  function leaveOutPair(queue: SinkQueue): readonly [Entry, Entry] | undefined {
    for (const lane of queue.lanes.values()) {
      const pair = lane.leaveOutPair();
      if (pair) return pair;
    }
    return undefined;
  }

  return {
    append(outbound) {
      const committed = journal.append(outbound, sinkNames);
      const arrival = { outbound, committed: committed && bounded(committed) };
      for (const queue of queues) enqueue(queue, arrival);
      return committed;
    },
    resume(sink, outbound) {
      const queue = queues.find((each) => each.sink.name === sink);
      if (!queue) return false;
      enqueue(queue, { outbound, attempted: true });
      return true;
    },
    announce(outbound) {
      for (const queue of queues) laneOf(queue, outbound.event.device.tenant).announce(outbound);
    },
    takeCoalesced(device) {
      if (coalesced.size === 0) return 0;
      const key = deviceKey(device);
      const count = coalesced.get(key) ?? 0;
      coalesced.delete(key);
      return count;
    },
    depth: () =>
      queues.map((queue) => {
        const oldest = [...queue.lanes.values()]
          .map((lane) => lane.oldestAt())
          .filter((at) => at !== undefined);
        return {
          sink: queue.sink.name,
          events: queue.events,
          bytes: queue.bytes,
          parked: queue.parked,
          oldestAt: oldest.length > 0 ? Math.min(...oldest) : undefined,
        };
      }),
    drained: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted || queues.every((queue) => queue.events === 0)) {
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
    async close() {
      closing.abort();
      for (const queue of queues) for (const lane of queue.lanes.values()) lane.stop();
      await Promise.all(options.sinks.map((sink) => sink.close()));
      await journal.close();
    },
  };
}

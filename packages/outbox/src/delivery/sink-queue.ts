import type { EventSink } from '@rollcall/core';
import type { Place } from '../journal/journal.ts';
import { firstToGiveWay, inOrderOfGivingWay, type QueueBounds } from './fair-bounds.ts';
import { Lane, type LaneContext, type Tried } from './lane.ts';
import { createLeftOutLog } from './left-out-log.ts';
import type { OutboxBounds, SinkDepth } from './outbox.ts';
import { createLostLog } from './lost-log.ts';
import { createPutOffLog } from './put-off-log.ts';
import { createRefusedLog } from './refused-log.ts';
import type { Arrival, LeftOut } from './tenant-queue.ts';

interface SinkQueueContext extends Omit<LaneContext, 'tenant' | 'tried' | 'lost' | 'released'> {
  readonly bounds: OutboxBounds;
}

/** What a sink's queue tells the outbox. */
interface SinkQueueObserver {
  tried(tried: Tried): void;
  /** An event waits for this sink no more. */
  released(): void;
  leftOut(tenant: string, pair: LeftOut): void;
}

/** Everything that waits for one sink: a lane for each tenant, and the bounds of all. */
export interface SinkQueue {
  readonly sink: EventSink;
  readonly events: number;
  append(tenant: string, arrival: Arrival): void;
  mayAnnounce(tenant: string, device: number): boolean;
  /** Leaves out a connection whose events are in memory alone; `false` where there is none. */
  leaveOutPinned(): boolean;
  depth(): SinkDepth;
  /** Of all that wait, without announcements. */
  places(): Iterable<Place>;
  pump(): void;
  stop(): void;
}

const ends = ['oldest', 'newest'] as const;

export function createSinkQueue(context: SinkQueueContext, observer: SinkQueueObserver): SinkQueue {
  const { sink, bounds, bodies } = context;
  const lanes = new Map<string, Lane>();
  const leftOutLog = createLeftOutLog(context, { sink: sink.name, ...bounds });
  const lostLog = createLostLog(context, sink.name);
  const refusedLog = createRefusedLog(context, sink.name, refusingTenants);
  const putOffLog = createPutOffLog(context, sink.name);
  let events = 0;
  let bytes = 0;
  /** With the journal alone. */
  let parked = 0;

  function laneOf(tenant: string): Lane {
    let lane = lanes.get(tenant);
    if (!lane) {
      lane = new Lane({
        ...context,
        tenant,
        lost: () => lostLog.count(),
        tried(tried) {
          observer.tried(tried);
          const { outbound, delivery } = tried;
          // Where the network cannot be reached, its connection says so.
          if (delivery.status === 'retryable' && !delivery.unreachable)
            putOffLog.putOff(outbound, delivery.cause);
          if (delivery.status !== 'refused') return;
          parked += 1;
          refusedLog.refused(outbound, delivery.cause);
        },
        released(size) {
          events -= 1;
          bytes -= size;
          observer.released();
        },
      });
      lanes.set(tenant, lane);
    }
    return lane;
  }

  function refusingTenants(): number {
    let tenants = 0;
    for (const lane of lanes.values()) if (lane.isRefused) tenants += 1;
    return tenants;
  }

  function keepWithinBounds(): void {
    while (events > bounds.maxEvents || bytes > bounds.maxBytes) {
      const lane = firstToGiveWay(lanes.values(), { events, bytes, pairs: 0 }, bounds);
      // Nothing can be left out without breaking a pair, or harming another tenant: what is announced or open now must go through.
      if (!lane) return;
      leaveOut(lane, 'oldest');
    }
  }

  function leaveOut(lane: Lane, end: (typeof ends)[number]): void {
    const pair = lane.leaveOut(end);
    if (!pair) return;
    events -= 2;
    bytes -= pair.bytes;
    leftOutLog.count();
    observer.leftOut(lane.tenant, pair);
    observer.released();
    lane.pump();
  }

  /** Where the journal is in trouble only the newest are in memory alone; where there is none, all are, and the oldest go. */
  function leaveOutPinned(lane: Lane): boolean {
    for (const end of ends) {
      if (!lane.pairAt(end)?.some((place) => bodies.isPinned(place))) continue;
      leaveOut(lane, end);
      return true;
    }
    return false;
  }

  const unsubscribe = sink.onReachable?.(() => {
    for (const lane of lanes.values()) lane.reachable();
  });

  return {
    sink,
    get events() {
      return events;
    },
    append(tenant, arrival) {
      if (arrival.announcement !== true) {
        events += 1;
        bytes += arrival.bytes;
      }
      laneOf(tenant).append(arrival);
      // What an earlier run left makes nobody give way.
      if (arrival.half) keepWithinBounds();
    },
    mayAnnounce: (tenant, device) => laneOf(tenant).mayAnnounce(device),
    // Each tenant's share is that of what waits now.
    leaveOutPinned() {
      const within: QueueBounds = { maxEvents: events - 1, maxBytes: Infinity };
      return inOrderOfGivingWay(lanes.values(), { events, bytes, pairs: 0 }, within).some(leaveOutPinned);
    },
    depth() {
      let oldestAt: number | undefined;
      for (const lane of lanes.values()) {
        const at = lane.oldestAt();
        if (at !== undefined && (oldestAt === undefined || at < oldestAt)) oldestAt = at;
      }
      return { sink: sink.name, events, bytes, parked, refusingTenants: refusingTenants(), oldestAt };
    },
    *places() {
      for (const lane of lanes.values()) yield* lane.places();
    },
    pump() {
      for (const lane of lanes.values()) lane.pump();
    },
    stop() {
      unsubscribe?.();
      leftOutLog.stop();
      lostLog.stop();
      refusedLog.stop();
      putOffLog.stop();
      for (const lane of lanes.values()) lane.stop();
    },
  };
}

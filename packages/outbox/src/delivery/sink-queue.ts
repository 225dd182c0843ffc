import type { EventSink } from '@rollcall/core/sink';
import type { Place } from '../journal/journal.ts';
import { firstToGiveWay, inOrderOfGivingWay, type QueueBounds } from './fair-bounds.ts';
import { Lane, type LaneContext, type Tried } from './lane.ts';
import { createSinkLogs, type SinkLogs } from './sink-logs.ts';
import type { OutboxBounds, SinkDepth } from './outbox-contract.ts';
import type { Arrival, LeftOut } from './tenant-queue.ts';

export interface SinkQueueContext extends Omit<
  LaneContext,
  'tenant' | 'tried' | 'lost' | 'withdrawn' | 'released'
> {
  readonly bounds: OutboxBounds;
}

/** What a sink's queue reports to the outbox. */
export interface SinkQueueObserver {
  tried(tried: Tried): void;
  /** The event of this place must not be sent any more. */
  withdrawn(place: Place): void;
  /** An event does not wait for this sink any more; absent: a pair was left out. */
  released(place?: Place): void;
  leftOut(tenant: string, pair: LeftOut): void;
}

type End = 'oldest' | 'newest';
const ends: readonly End[] = ['oldest', 'newest'];

/** Everything that waits for one sink: a lane for each tenant, and the bounds of all. */
export class SinkQueue {
  readonly sink: EventSink;
  readonly #context: SinkQueueContext;
  readonly #observer: SinkQueueObserver;
  readonly #lanes = new Map<string, Lane>();
  readonly #logs: SinkLogs;
  readonly #unsubscribe: (() => void) | undefined;
  #events = 0;
  #bytes = 0;
  /** Events that only the journal keeps, since the sink refused them. */
  #parked = 0;

  constructor(context: SinkQueueContext, observer: SinkQueueObserver) {
    const { sink } = context;
    this.sink = sink;
    this.#context = context;
    this.#observer = observer;
    this.#logs = createSinkLogs(context, () => this.#refusingTenants());
    this.#unsubscribe = sink.onReachable?.(() => {
      for (const lane of this.#lanes.values()) lane.reachable();
    });
  }

  get events(): number {
    return this.#events;
  }

  append(tenant: string, arrival: Arrival): void {
    if (arrival.announcement !== true) {
      this.#events += 1;
      this.#bytes += arrival.bytes;
    }
    this.#laneOf(tenant).append(arrival);
    // No tenant gives way to events that an earlier run left.
    if (arrival.half) this.#keepWithinBounds();
  }

  mayAnnounce(tenant: string, device: number): boolean {
    return this.#laneOf(tenant).mayAnnounce(device);
  }

  /** Leaves out a connection whose events only memory has; `false` if there is none. */
  leaveOutPinned(): boolean {
    // The shares are those of the events that wait now.
    const within: QueueBounds = { maxEvents: this.#events - 1, maxBytes: Infinity };
    const total = { events: this.#events, bytes: this.#bytes, pairs: 0 };
    return inOrderOfGivingWay(this.#lanes.values(), total, within).some((lane) =>
      this.#leaveOutPinnedOf(lane),
    );
  }

  depth(): SinkDepth {
    let oldestAt: number | undefined;
    for (const lane of this.#lanes.values()) {
      const at = lane.oldestAt();
      if (at !== undefined && (oldestAt === undefined || at < oldestAt)) oldestAt = at;
    }
    return {
      sink: this.sink.name,
      events: this.#events,
      bytes: this.#bytes,
      parked: this.#parked,
      refusingTenants: this.#refusingTenants(),
      oldestAt,
    };
  }

  /** The places of all events that wait, without announcements. */
  *places(): Iterable<Place> {
    for (const lane of this.#lanes.values()) yield* lane.places();
  }

  pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#logs.stop();
    for (const lane of this.#lanes.values()) lane.stop();
  }

  #laneOf(tenant: string): Lane {
    let lane = this.#lanes.get(tenant);
    if (!lane) {
      lane = new Lane({
        ...this.#context,
        tenant,
        tried: (tried) => this.#tried(tried),
        lost: () => this.#logs.lost.count(),
        withdrawn: (place) => this.#observer.withdrawn(place),
        released: (bytes, place) => {
          this.#events -= 1;
          this.#bytes -= bytes;
          this.#observer.released(place);
        },
      });
      this.#lanes.set(tenant, lane);
    }
    return lane;
  }

  #tried(tried: Tried): void {
    this.#observer.tried(tried);
    const { outbound, delivery } = tried;
    // If the network cannot be reached, its connection logs that.
    if (delivery.status === 'retryable' && !delivery.unreachable)
      this.#logs.putOff.putOff(outbound, delivery.cause);
    if (delivery.status !== 'refused') return;
    this.#parked += 1;
    this.#logs.refused.refused(outbound, delivery.cause);
  }

  #refusingTenants(): number {
    let tenants = 0;
    for (const lane of this.#lanes.values()) if (lane.isRefused) tenants += 1;
    return tenants;
  }

  #keepWithinBounds(): void {
    const { bounds } = this.#context;
    while (this.#events > bounds.maxEvents || this.#bytes > bounds.maxBytes) {
      const total = { events: this.#events, bytes: this.#bytes, pairs: 0 };
      const lane = firstToGiveWay(this.#lanes.values(), total, bounds);
      // Nothing can be left out without breaking a pair or harming another tenant.
      if (!lane) return;
      this.#leaveOut(lane, 'oldest');
    }
  }

  #leaveOut(lane: Lane, end: End): void {
    const pair = lane.leaveOut(end);
    if (!pair) return;
    this.#events -= 2;
    this.#bytes -= pair.bytes;
    this.#logs.leftOut.count();
    this.#observer.leftOut(lane.tenant, pair);
    this.#observer.released();
    lane.pump();
  }

  /** While a journal fails, only memory has the newest events, so these go. Without a journal, the oldest go. */
  #leaveOutPinnedOf(lane: Lane): boolean {
    const { bodies } = this.#context;
    for (const end of ends) {
      if (!lane.pairAt(end)?.some((place) => bodies.isPinned(place))) continue;
      this.#leaveOut(lane, end);
      return true;
    }
    return false;
  }
}

import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { Delivery, EventSink, OutboundEvent } from '@rollcall/core/sink';
import type { Place } from '../journal/journal.ts';
import type { BackoffLimits } from './backoff.ts';
import type { Bodies } from './bodies.ts';
import {
  afterFailure,
  afterReachable,
  afterSuccess,
  open,
  stopped,
  windowOf,
  type LaneState,
} from './lane-state.ts';
import { Retries } from './retries.ts';
import { TenantQueue, type Arrival, type LeftOut } from './tenant-queue.ts';
import { flags, type Entry, type WaitingEvents } from './waiting-events.ts';

/** How many events of one device are read from the journal together. */
const readAhead = 16;

/** The outcome of an event that was handed to the sink. */
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
  /** Greatest number of events in flight at a time; at least 1. */
  readonly window: number;
  /** Aborts when the outbox closes. */
  readonly signal: AbortSignal;
  /** Whether anything may be sent now. */
  maySend(): boolean;
  /** Whether another instance publishes this event: then it is not sent any more. */
  isWithdrawn(event: ConnectionEvent): boolean;
  withdrawn(place: Place): void;
  /** Called with the outcome of a try, before the next event of the device is sent. Not called for announcements. */
  tried(tried: Tried): void;
  /** The journal has lost an event that was to be sent. */
  lost(): void;
  /** The event of this place does not wait any more; called after {@link tried}. */
  released(bytes: number, place: Place): void;
}

/**
 * Sends the events of one tenant to one sink. Trouble of one lane does not stall other lanes.
 *
 * Devices are pipelined, each with one event in flight. A device whose event must be tried again waits by itself;
 * failures in a row halve the lane's window and then pause the lane, so that a network that is away gets only a
 * few tries, and not one for each device.
 */
export class Lane {
  readonly tenant: string;
  readonly #context: LaneContext;
  readonly #queue: TenantQueue;
  readonly #retries: Retries;
  #state: LaneState = open;
  #disarmPause: (() => void) | undefined;
  #inFlight = 0;
  #isRefused = false;

  constructor(context: LaneContext) {
    const { tenant, clock, random, backoff, waiting } = context;
    this.tenant = tenant;
    this.#context = context;
    this.#queue = new TenantQueue(waiting);
    const tryAgain = (entry: Entry): void => {
      this.#queue.again(entry);
      this.pump();
    };
    this.#retries = new Retries({ clock, random, backoff, tryAgain });
  }

  /** Whether the sink refused the latest event that it answered for. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  get events(): number {
    return this.#queue.events;
  }

  get bytes(): number {
    return this.#queue.bytes;
  }

  get pairs(): number {
    return this.#queue.pairs;
  }

  append(arrival: Arrival): void {
    this.#queue.add(arrival);
    this.pump();
  }

  /**
   * Whether an announcement of this device may be sent: not while the lane has trouble, nor while an event of the device
   * waits, which says more.
   */
  mayAnnounce(device: number): boolean {
    return this.#state.mode === 'open' && !this.#queue.hasDevice(device);
  }

  pairAt(end: 'oldest' | 'newest'): LeftOut['places'] | undefined {
    return this.#queue.pairAt(end);
  }

  leaveOut(end: 'oldest' | 'newest'): LeftOut | undefined {
    const leftOut = this.#queue.leaveOut(end);
    this.#endTroubleOfNone();
    return leftOut;
  }

  oldestAt(): number | undefined {
    return this.#queue.oldestAt();
  }

  places(): Iterable<Place> {
    return this.#queue.places();
  }

  /** Sends what can be sent now. */
  pump(): void {
    if (!this.#context.maySend()) return;
    const window = windowOf(this.#state, this.#context.window, this.#context.clock);
    while (this.#inFlight < window) {
      const entry = this.#queue.takeReady();
      if (entry === undefined) return;
      void this.#send(entry);
    }
  }

  /** The destination can be reached again: events that wait only because of that are sent now, a few at first. */
  reachable(): void {
    this.#disarmPause?.();
    this.#state = afterReachable(this.#state);
    for (const entry of this.#retries.takeUnreachable()) this.#queue.again(entry);
    this.pump();
  }

  stop(): void {
    this.#state = stopped;
    this.#disarmPause?.();
    this.#retries.stop();
  }

  async #send(entry: Entry): Promise<void> {
    this.#inFlight += 1;
    const { waiting, bodies } = this.#context;
    const place = waiting.place(entry);
    const isAnnouncement = waiting.is(entry, flags.announcement);
    const inMemory = bodies.get(place);
    // Wait for the commit: if an uncommitted event were sent and then lost in a crash, the next run would publish the same
    // fact with another id.
    if (inMemory?.committed) await inMemory.committed;
    const outbound = inMemory?.outbound ?? (await this.#readBack(entry, place));
    if (outbound === undefined || outbound instanceof Error) {
      this.#inFlight -= 1;
      this.#notRead(entry, outbound);
    } else if (outbound.ofAnother !== true && this.#context.isWithdrawn(outbound.event)) {
      this.#inFlight -= 1;
      if (!isAnnouncement) this.#context.withdrawn(place);
      this.#release(entry);
    } else if (!this.#context.maySend()) {
      this.#inFlight -= 1;
      bodies.putBack(place);
      this.#queue.again(entry);
      return;
    } else {
      let delivery: Delivery;
      try {
        delivery = await this.#context.sink.deliver(outbound, this.#context.signal);
      } catch (error) {
        delivery = this.#brokenContract(error);
      }
      this.#inFlight -= 1;
      if (isAnnouncement) this.#announced(entry, delivery);
      else this.#settle(entry, outbound, delivery);
    }
    this.pump();
  }

  /** An event that is not in memory; `undefined` if the journal does not have it either. */
  async #readBack(entry: Entry, place: Place): Promise<OutboundEvent | Error | undefined> {
    try {
      return await this.#context.bodies.fetch(place, this.#queue.following(entry, readAhead));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #notRead(entry: Entry, cause: Error | undefined): void {
    const { log, sink } = this.#context;
    if (cause) {
      log.debug({ sink: sink.name, err: cause }, 'event could not be read from the journal');
      this.#retryLater(entry, 0, false);
    } else {
      this.#context.lost();
      this.#next(entry);
    }
  }

  #announced(entry: Entry, { status }: Delivery): void {
    if (status === 'delivered') this.#isRefused = false;
    this.#release(entry);
  }

  #settle(entry: Entry, outbound: OutboundEvent, delivery: Delivery): void {
    const { status } = delivery;
    if (status !== 'retryable') this.#isRefused = status === 'refused';
    this.#context.tried({ place: this.#context.waiting.place(entry), outbound, delivery });
    if (delivery.status === 'retryable')
      this.#retryLater(entry, delivery.retryAfterMs ?? 0, delivery.unreachable === true);
    else this.#next(entry);
  }

  /** A sink must not reject; if one does, the event must not be lost. */
  #brokenContract(error: unknown): Delivery {
    const { log, sink } = this.#context;
    const cause = error instanceof Error ? error : new Error(String(error));
    log.error({ sink: sink.name, err: cause }, 'event sink broke its contract: deliver() rejected');
    return { status: 'retryable', cause };
  }

  /** The event is finished. If it ended the trouble, the others do not wait any longer. */
  #next(entry: Entry): void {
    const before = this.#state;
    this.#state = afterSuccess(before);
    this.#release(entry);
    if (this.#state !== before) this.reachable();
  }

  #release(entry: Entry): void {
    const { waiting, bodies } = this.#context;
    const place = waiting.place(entry);
    const bytes = waiting.bytes(entry);
    const isAnnouncement = waiting.is(entry, flags.announcement);
    this.#retries.done(entry);
    this.#queue.done(entry);
    this.#endTroubleOfNone();
    bodies.done(place);
    if (!isAnnouncement) this.#context.released(bytes, place);
  }

  /** If the events that had trouble are withdrawn, no answer of the sink ends it, and no announcement would be sent meanwhile. */
  #endTroubleOfNone(): void {
    if (this.#queue.idle) this.#state = afterSuccess(this.#state);
  }

  #retryLater(entry: Entry, atLeastMs: number, unreachable: boolean): void {
    const { waiting, bodies, clock, random, backoff } = this.#context;
    bodies.putBack(waiting.place(entry));
    this.#state = afterFailure(this.#state, clock.monotonic(), random, backoff);
    if (this.#state.mode === 'stopped') return;
    if (this.#state.mode === 'paused') {
      this.#disarmPause?.();
      this.#disarmPause = clock.at(this.#state.until, () => this.pump());
    }
    this.#retries.tryLater(entry, { atLeastMs, unreachable });
  }
}

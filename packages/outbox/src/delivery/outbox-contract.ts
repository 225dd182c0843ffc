import type { ConnectionId, DeviceRef } from '@rollcall/core';
import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { EventSink, OutboundEvent } from '@rollcall/core/sink';
import type { Holdings, Journal, Owed, PendingEvent } from '../journal/journal.ts';
import type { BackoffLimits } from './backoff.ts';
import type { DeliveryObserver } from './delivery-observer.ts';

export interface OutboxBounds {
  /** How many events may wait for one sink. Beyond it, pairs are left out. */
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
  /** An event is sent once it is in the journal, or after this time if the journal does not answer. */
  readonly sendAfterMs: number;
  /** Whether anything may be sent at this moment; absent: always. Call {@link Outbox.sendAgain} once it may again. */
  mayPublish?(): boolean;
  /** Pairs that an earlier incarnation left out, and did not report. */
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

/** Called once an event is in the journal. It is sent when the result has settled. Must not throw or reject. */
export type BeforeSending = () => Promise<void> | undefined;

/** Events on their way to the sinks. */
export interface Outbox {
  /** Queues an event. The result is that of the journal: `undefined` means that the event is safe already. */
  append(outbound: OutboundEvent, beforeSending?: BeforeSending): Promise<void> | undefined;
  /**
   * Queues events of one connection of another adapter, which died. They are never left out.
   *
   * @returns whether every sink has them, or refused them finally. `false`: the outbox was stopped before.
   */
  relay(events: readonly OutboundEvent[]): Promise<boolean>;
  /** Gives up all calls of `relay` that wait. */
  stopRelaying(): void;
  /**
   * Queues an event that an earlier incarnation left for one of its sinks, without journaling it again. `false` if the adapter has no
   * such sink: the event stays in the journal for one that has.
   */
  resume(sink: string, pending: PendingEvent): boolean;
  /** Sends nothing until the returned function is called: events that an earlier incarnation left must be known before. */
  hold(): () => void;
  /** Sending is allowed again. */
  sendAgain(): void;
  /** Others publish all events of these connections: those that wait here are not sent any more, and not kept in the journal. */
  withdraw(connections: Iterable<ConnectionId>): void;
  /**
   * Sends an announcement to every sink that is not in trouble. It is neither journaled nor tried again.
   *
   * @returns whether every sink gets it.
   */
  announce(outbound: OutboundEvent): boolean;
  /** How many pairs of this device were left out and not reported yet: for the next event, which must be appended at once. */
  coalescedOf(device: DeviceRef): number;
  depth(): readonly SinkDepth[];
  /** The waiting events and owed counts, which the journal has too. */
  holdings(): Pick<Holdings, 'waiting' | 'owed'>;
  /** About how many bytes of memory all waiting events take. */
  memoryBytes(): number;
  /** Resolves when no event waits any more, or when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void>;
  /** Sends nothing any more. Events that still wait stay in the journal. */
  stop(): void;
  /** Stops, and closes the sinks and the journal. */
  close(): Promise<void>;
}

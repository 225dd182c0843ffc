import type { DisconnectReason, Initiator } from './disconnect-reason.ts';
import type { ConnectionId, DeviceRef, Epoch, EventId, Instant, Timestamp } from './ids.ts';

/** An open connection. `detectWithinMs` says how fast silence would be noticed; `null` means never. */
export interface SessionBasis {
  readonly kind: 'session';
  readonly detectWithinMs: number | null;
}

/** No connection exists: a request granted presence for a while. `until` is set once the lease ended. */
export interface LeaseBasis {
  readonly kind: 'lease';
  readonly intervalMs: number;
  readonly from: 'declared' | 'learned' | 'default' | 'ttd';
  /** How fast silence would be noticed: the interval, and the probe where there is one. */
  readonly detectWithinMs?: number;
  readonly until?: Timestamp;
}

/** How the adapter knows that a device is connected. */
export type Basis = SessionBasis | LeaseBasis;

/** The protocol's own account of an end, untranslated. */
export interface RawCause {
  readonly code?: number | string;
  readonly text?: string;
}

export interface ConnectedChange {
  readonly type: 'connected';
  readonly basis: Basis;
}

export interface DisconnectedChange {
  readonly type: 'disconnected';
  readonly basis: Basis;
  readonly reason: DisconnectReason;
  /** When the last byte of the device arrived. */
  readonly lastSeen: Instant;
  /** Of a goodbye that waited until it was read: when it arrived. Absent: now. Never before `lastSeen`. */
  readonly endedAt?: Instant;
  /** When a lease ran out, or would have. */
  readonly until?: Instant;
  /** Overrides what the reason implies, e.g. MQTT 5.0's "disconnect with will" (0x04), which is not clean. */
  readonly clean?: boolean;
  readonly raw?: RawCause;
}

/** What a tracker decides. It knows the protocol, not ids, wall clocks, devices or sinks. */
export type Change = ConnectedChange | DisconnectedChange;

/** The process that observed the change. */
export interface AdapterIdentity {
  /** Type name, as Eclipse Hono has it: `hono-mqtt`, `hono-amqp`, `hono-http`, `hono-coap`. */
  readonly type: string;
  /** Stable name; one journal each. */
  readonly id: string;
  /** One incarnation of the adapter: a new one with every start. */
  readonly instance: string;
}

/**
 * Whether an incarnation of an adapter has the journal of the one before: `kept`, or `new`, and then it knows nothing of what
 * was open before.
 */
export type JournalFacts =
  | { readonly state: 'new' }
  /** `follows`: the incarnation whose journal it goes on with, if it is known. */
  | { readonly state: 'kept'; readonly follows?: string };

interface EventFacts {
  readonly id: EventId;
  readonly connectionId: ConnectionId;
  readonly epoch: Epoch;
  readonly device: DeviceRef;
  readonly adapter: AdapterIdentity;
  /** The peer's own name: MQTT client id, AMQP container id; for HTTP and CoAP the auth-id. */
  readonly remoteId: string;
  /** What only one connection of the device can hold at a time, if anything. */
  readonly slot?: string;
  /** When the adapter observed the change. */
  readonly at: Timestamp;
  readonly basis: Basis;
  /** Protocol and version, e.g. `MQTT 5.0`. */
  readonly protocol: string;
  /** `host:port` as the adapter saw it; absent where switched off. */
  readonly remoteAddress?: string;
  /** Number of connected/disconnected pairs of this device left out before this event. */
  readonly coalesced?: number;
  /** In the first event of an incarnation to each tenant, and in all its announcements. */
  readonly journal?: JournalFacts;
}

export interface ConnectedEvent extends EventFacts {
  readonly type: 'connected';
  /** In announcements: the next one of this connection comes within this time. */
  readonly announceIntervalMs?: number;
}

export interface DisconnectedEvent extends EventFacts {
  readonly type: 'disconnected';
  /** Stamped by the clock of `epoch` when the end was observed: orders the endings of one adapter. Absent before version 1.1. */
  readonly endedEpoch?: Epoch;
  readonly connectedAt: Timestamp;
  readonly lastSeen: Timestamp;
  /** The device left between `at - uncertaintyMs` and `at`; the adapter's own lateness is part of it. Never negative. */
  readonly uncertaintyMs: number;
  readonly reason: DisconnectReason;
  readonly initiator: Initiator;
  readonly clean: boolean;
  readonly raw?: RawCause;
}

/** What leaves the process: a change of a device's connection state, stamped. */
export type ConnectionEvent = ConnectedEvent | DisconnectedEvent;

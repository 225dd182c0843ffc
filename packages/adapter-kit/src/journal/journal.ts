import type {
  ConnectedEvent,
  ConnectionId,
  Epoch,
  EventId,
  LeaseBasis,
  OutboundEvent,
  Timestamp,
} from '@rollcall/core';
import type { LearnedGaps } from '../leases/rhythm.ts';

/** An event that some sink has still to confirm. */
export interface PendingEvent {
  readonly sink: string;
  readonly outbound: OutboundEvent;
}

/** A connection whose `connected` was appended, and whose `disconnected` was not. */
export interface OpenEntry {
  readonly event: ConnectedEvent;
  /** Last noted; absent where nothing was noted since it connected. */
  readonly noted?: NotedPresence;
}

/** What is noted of an open connection from time to time. */
export interface NotedPresence {
  readonly lastSeen: Timestamp;
  /** What it holds, where that is a lease, and when it runs out. */
  readonly lease?: { readonly basis: LeaseBasis; readonly until: Timestamp };
}

/** What an earlier incarnation of the adapter left behind. */
export interface Recovered {
  /** The greatest epoch ever given out. */
  readonly highWater?: Epoch;
  /** In the order they were appended. */
  readonly pending: readonly PendingEvent[];
  readonly open: readonly OpenEntry[];
  /** By lease holder, the one heard last at the end. */
  readonly rhythms: readonly (readonly [holder: string, gaps: LearnedGaps])[];
}

/**
 * Keeps what must outlive the process: unsent events, open connections, learned rhythms, and which epoch was last given
 * out. The kit works from memory and tells the journal what it does.
 */
export interface Journal {
  /** To be called once, before anything is appended. */
  recover(): Promise<Recovered>;
  /**
   * Keeps an event for every one of `sinks`, and its connection as open from `connected` to `disconnected`. The result
   * resolves when the event is as safe as this journal makes it; `undefined` says that it already is.
   */
  append(outbound: OutboundEvent, sinks: readonly string[]): Promise<void> | undefined;
  /** The sink needs this event no more: it was confirmed, or left out at the outbox's bound. */
  forget(sink: string, event: EventId): void;
  /** The sink refused this event: keep it, but do not offer it as pending. */
  park(sink: string, event: EventId, cause: string): void;
  /** Notes of an open connection when its device was last heard. Many at a time, every few seconds. */
  note(presence: readonly (readonly [connection: ConnectionId, noted: NotedPresence])[]): void;
  /** Keeps what was learned of lease holders; `undefined` forgets. Many at a time, every few seconds. */
  learn(rhythms: readonly (readonly [holder: string, gaps: LearnedGaps | undefined])[]): void;
  /** Whether what was appended is not as safe yet as it should be by now. */
  behind(): boolean;
  close(): Promise<void>;
}

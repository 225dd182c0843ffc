import type { Epoch, EventId, OutboundEvent } from '@rollcall/core';

/** An event that some sink has still to confirm. */
export interface PendingEvent {
  readonly sink: string;
  readonly outbound: OutboundEvent;
}

/** What an earlier incarnation of the adapter left behind. */
export interface Recovered {
  /** The greatest epoch ever given out. */
  readonly highWater?: Epoch;
  /** In the order they were appended. */
  readonly pending: readonly PendingEvent[];
}

/**
 * Keeps what must outlive the process: unsent events, and which epoch was last given out. The outbox works from
 * memory and tells the journal what it does.
 */
export interface Journal {
  /** To be called once, before anything is appended. */
  recover(): Promise<Recovered>;
  /**
   * Keeps an event for every one of `sinks`. The result resolves when the event is as safe as this journal makes
   * it; `undefined` says that it already is.
   */
  append(outbound: OutboundEvent, sinks: readonly string[]): Promise<void> | undefined;
  /** The sink needs this event no more: it was confirmed, or left out at the outbox's bound. */
  forget(sink: string, event: EventId): void;
  /** The sink refused this event: keep it, but do not offer it as pending. */
  park(sink: string, event: EventId, cause: string): void;
  close(): Promise<void>;
}

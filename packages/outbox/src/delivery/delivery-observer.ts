import type { ConnectionEvent } from '@rollcall/core/events';

/** Callbacks that count the outcomes of events. */
export interface DeliveryObserver {
  /** @param delayMs from the observation of the change until the sink confirmed its event. */
  delivered(sink: string, event: ConnectionEvent, delayMs: number): void;
  /** The event has to be tried again. */
  retried(sink: string, event: ConnectionEvent, cause: Error): void;
  /** The sink refused the event finally. */
  parked(sink: string, event: ConnectionEvent, cause: Error): void;
  /** A pair of `connected` and `disconnected` was left out because the outbox was full. */
  leftOut(sink: string, tenant: string): void;
}

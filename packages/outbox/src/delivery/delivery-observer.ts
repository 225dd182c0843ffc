import type { ConnectionEvent } from '@rollcall/core/events';

/** Callbacks that count what became of events. */
export interface DeliveryObserver {
  /** @param delayMs from the observation of the change until the sink confirmed its event. */
  delivered(sink: string, event: ConnectionEvent, delayMs: number): void;
  /** It has to be tried again. */
  retried(sink: string, event: ConnectionEvent, cause: Error): void;
  /** The sink refused it finally. */
  parked(sink: string, event: ConnectionEvent, cause: Error): void;
  /** A pair of `connected` and `disconnected` was left out at the bound of the outbox. */
  leftOut(sink: string): void;
}

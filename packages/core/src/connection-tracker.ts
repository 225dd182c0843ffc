import type { Change, LeaseBasis, RawCause } from './connection-event.ts';
import type { DisconnectReason } from './disconnect-reason.ts';
import type { Instant } from './ids.ts';

/** The instant that the tracker asked for has come. */
interface DeadlineSignal {
  readonly type: 'deadline';
}

/** The adapter ends the connection, or the lease: the device did not leave, and its network connection was not lost. */
export interface EndedSignal {
  readonly type: 'ended';
  readonly reason: Exclude<DisconnectReason, 'client-closed' | 'connection-lost'>;
  /** The code and text of the protocol that the device is told. */
  readonly raw?: RawCause;
}

/** The signals that every tracker understands besides those of its protocol. */
export type CommonSignal = DeadlineSignal | EndedSignal;

export interface Step<State> {
  readonly state: State;
  readonly changes: readonly Change[];
  /** Ask for a {@link DeadlineSignal} at this instant, in place of the one asked for before. Always in the future. */
  readonly deadline?: Instant;
}

/** What is worth keeping of a connected device beyond the life of the process. */
export interface Presence {
  /** When the last byte of the device arrived. */
  readonly lastSeen: Instant;
  /** What it holds, where that is a lease, and when it runs out. */
  readonly lease?: { readonly basis: LeaseBasis; readonly until: Instant };
}

/**
 * A pure state machine for one connection or one lease holder. No I/O, no timers, no clock: time is an argument.
 *
 * - `connected` and `disconnected` alternate, beginning with `connected`.
 * - Every `disconnected` carries the basis of its `connected` and a `lastSeen` that is not after `at`.
 * - A deadline may be signalled early or late; the state decides, not the timer.
 * - An {@link EndedSignal} ends what is open.
 * - `reduce` does not change its arguments.
 */
export interface ConnectionTracker<State, Signal> {
  readonly initial: State;
  reduce(state: State, signal: Signal | CommonSignal, at: Instant): Step<State>;
  /** What the journal keeps of a connected device; `undefined` for one that is not. */
  presence(state: State): Presence | undefined;
}

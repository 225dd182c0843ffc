import type { Change, Clock, ConnectionTracker, DeadlineSignal, Instant, Presence } from '@rollcall/core';

/** A tracker that lives in time. */
export interface Tracked<Signal> {
  report(signal: Signal | DeadlineSignal): void;
  /** What is worth keeping of the device; `undefined` where it is not connected. */
  presence(): Presence | undefined;
  /** Disarms the deadline; later signals still reduce, but wake nobody. */
  stop(): void;
}

/**
 * The only place where a tracker meets time: feeds signals in, keeps at most one timer armed, hands changes out.
 *
 * A deadline that moves later, as with every packet of a session, does not touch the timer: it fires early, finds
 * that it is not yet time, and is armed once more.
 */
export function track<State, Signal>(
  tracker: ConnectionTracker<State, Signal>,
  clock: Clock,
  emit: (change: Change, at: Instant) => void,
): Tracked<Signal> {
  let state = tracker.initial;
  let deadline: Instant | undefined;
  let armedFor: Instant | undefined;
  let disarm = (): void => {};
  let stopped = false;

  function step(signal: Signal | DeadlineSignal): void {
    const at = clock.monotonic();
    const next = tracker.reduce(state, signal, at);
    state = next.state;
    deadline = stopped ? undefined : next.deadline;
    adjustTimer();
    for (const change of next.changes) emit(change, at);
  }

  function adjustTimer(): void {
    if (deadline !== undefined && armedFor !== undefined && armedFor <= deadline) return;
    disarm();
    disarm = () => {};
    armedFor = deadline;
    if (deadline !== undefined) disarm = clock.at(deadline, ring);
  }

  function ring(): void {
    armedFor = undefined;
    if (deadline === undefined) return;
    if (clock.monotonic() < deadline) adjustTimer();
    else step({ type: 'deadline' });
  }

  return {
    report: step,
    presence: () => tracker.presence(state),
    stop() {
      stopped = true;
      deadline = undefined;
      adjustTimer();
    },
  };
}

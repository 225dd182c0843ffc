import { punctual, type LoopWatch } from '@rollcall/runtime';
import type { Change, Clock, CommonSignal, ConnectionTracker, EndedSignal, Instant } from '@rollcall/core';
import type { Presence } from '@rollcall/core/internal';

/** A tracker that lives in time. */
export interface Tracked<Signal> {
  /** @param at when that was; default: now. */
  report(signal: Signal | CommonSignal, at?: Instant): void;
  /** What is worth keeping of the device; `undefined` where it is not connected. */
  presence(): Presence | undefined;
  /** Disarms the deadline; later signals still reduce, but set no timer. */
  stop(): void;
}

export interface TrackOptions {
  /** The tracker threw: nothing it says counts any more, and it is asked nothing again. By default that is thrown on. */
  readonly onBroken?: (error: unknown, at: Instant) => void;
  /** After a stall, a deadline waits until devices that spoke meanwhile were heard. By default there are no stalls. */
  readonly loop?: Pick<LoopWatch, 'deafUntil'>;
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
  { onBroken = throwOn, loop = punctual }: TrackOptions = {},
): Tracked<Signal> {
  let state = tracker.initial;
  let deadline: Instant | undefined;
  let armedFor: Instant | undefined;
  let disarm = (): void => {};
  let stopped = false;
  let broken = false;

  function step(signal: Signal | CommonSignal, at = clock.monotonic()): void {
    if (broken) return;
    const next = ask(() => tracker.reduce(state, signal, at));
    if (next === undefined) return;
    state = next.state;
    deadline = stopped ? undefined : next.deadline;
    adjustTimer();
    for (const change of next.changes) emit(change, at);
    // What the kit ends must be over, whatever the tracker thinks: access may have been taken from the device.
    if (isEnded(signal) && ask(() => tracker.presence(state)) !== undefined)
      giveUp(new Error('a tracker goes on after it was told to end'));
  }

  function ask<Answer>(question: () => Answer): Answer | undefined {
    if (broken) return undefined;
    try {
      return question();
    } catch (error) {
      giveUp(error);
      return undefined;
    }
  }

  function giveUp(error: unknown): void {
    broken = true;
    stop();
    onBroken(error, clock.monotonic());
  }

  function stop(): void {
    stopped = true;
    deadline = undefined;
    adjustTimer();
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
    const deafUntil = loop.deafUntil();
    if (clock.monotonic() < deadline) adjustTimer();
    else if (deafUntil === undefined) step({ type: 'deadline' });
    else {
      armedFor = deafUntil;
      disarm = clock.at(deafUntil, ring);
    }
  }

  return {
    report: step,
    presence: () => ask(() => tracker.presence(state)),
    stop,
  };
}

function isEnded(signal: unknown): signal is EndedSignal {
  return (signal as Partial<EndedSignal> | undefined)?.type === 'ended';
}

function throwOn(error: unknown): never {
  throw error;
}

import { punctual, type LoopWatch } from '@rollcall/runtime';
import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { Change, CommonSignal, ConnectionTracker, EndedSignal, Step } from '@rollcall/core/tracker';
import type { Presence } from '@rollcall/core/internal';

/** A tracker with a clock and a timer. */
export interface Tracked<Signal> {
  /** @param at when that was; default: now. */
  report(signal: Signal | CommonSignal, at?: Instant): void;
  /** The facts to keep about the device; `undefined` if it is not connected. */
  presence(): Presence | undefined;
  /** The same of a tracker that is broken: what it knew before. */
  lastPresence(): Presence | undefined;
  /** Disarms the deadline; later signals still reduce, but set no timer. */
  stop(): void;
}

/**
 * How long a deadline is put off, however often the loop is late meanwhile: else no silence would ever end a session of an adapter that
 * is overloaded. Sockets were read between two rings in any case.
 */
const maxGraceMs = 5_000;

export interface TrackOptions {
  /** The tracker threw: its state does not count any more, and it is not called again. By default the error is rethrown. */
  readonly onBroken?: (error: unknown, at: Instant) => void;
  /** After a stall, a deadline waits until devices that spoke meanwhile were heard. By default there are no stalls. */
  readonly loop?: Pick<LoopWatch, 'deafUntil'>;
}

/**
 * The only place where a tracker meets time: feeds signals in, keeps at most one timer armed, hands changes out.
 *
 * A deadline that moves later, as with every packet of a session, does not touch the timer: it fires early, finds
 * that it is too early, and is armed again. Nor does one that is lifted while the device stays connected, as while a request waits for
 * its answer: to set a timer again for each request would cost as much as half of the step.
 */
export function track<State, Signal>(
  tracker: ConnectionTracker<State, Signal>,
  clock: Clock,
  emit: (change: Change, at: Instant) => void,
  options: TrackOptions = {},
): Tracked<Signal> {
  return new TrackedInTime(tracker, clock, emit, options);
}

/** A class, and not closures: there is one for each connection, and each closure would cost memory. */
class TrackedInTime<State, Signal> implements Tracked<Signal> {
  readonly #tracker: ConnectionTracker<State, Signal>;
  readonly #clock: Clock;
  readonly #emit: (change: Change, at: Instant) => void;
  readonly #onBroken: NonNullable<TrackOptions['onBroken']>;
  readonly #loop: NonNullable<TrackOptions['loop']>;
  #state: State;
  #deadline: Instant | undefined;
  #armedFor: Instant | undefined;
  /** Since when the deadline is put off. */
  #putOffSince: Instant | undefined;
  #disarm: (() => void) | undefined;
  #stopped = false;
  #broken = false;
  #knownBefore: Presence | undefined;

  // Both functions are passed on without their object.
  readonly report = (signal: Signal | CommonSignal, at = this.#clock.monotonic()): void =>
    this.#step(signal, at);
  readonly presence = (): Presence | undefined => this.#ask(() => this.#tracker.presence(this.#state));

  constructor(
    tracker: ConnectionTracker<State, Signal>,
    clock: Clock,
    emit: (change: Change, at: Instant) => void,
    { onBroken = throwOn, loop = punctual }: TrackOptions,
  ) {
    this.#tracker = tracker;
    this.#clock = clock;
    this.#emit = emit;
    this.#onBroken = onBroken;
    this.#loop = loop;
    this.#state = tracker.initial;
  }

  lastPresence(): Presence | undefined {
    return this.#broken ? this.#knownBefore : this.presence();
  }

  stop(): void {
    this.#stopped = true;
    this.#deadline = undefined;
    this.#disarmTimer();
  }

  #step(signal: Signal | CommonSignal, at: Instant): void {
    if (this.#broken) return;
    let next: Step<State>;
    try {
      next = this.#tracker.reduce(this.#state, signal, at);
    } catch (error) {
      this.#giveUp(error);
      return;
    }
    this.#state = next.state;
    if (next.deadline !== this.#deadline) this.#putOffSince = undefined;
    this.#deadline = this.#stopped ? undefined : next.deadline;
    this.#adjustTimer();
    for (const change of next.changes) this.#emit(change, at);
    // A connection that the kit ends must be over, whatever the tracker does: the device may have lost its access.
    if (isEnded(signal) && this.presence() !== undefined)
      this.#giveUp(new Error('a tracker goes on after it was told to end'));
  }

  #ask<Answer>(question: () => Answer): Answer | undefined {
    if (this.#broken) return undefined;
    try {
      return question();
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
  }

  #giveUp(error: unknown): void {
    this.#broken = true;
    try {
      this.#knownBefore = this.#tracker.presence(this.#state);
    } catch {
      // It knows nothing any more.
    }
    this.stop();
    this.#onBroken(error, this.#clock.monotonic());
  }

  #adjustTimer(): void {
    const deadline = this.#deadline;
    if (deadline === undefined) {
      if (this.#armedFor !== undefined && this.presence() === undefined) this.#disarmTimer();
      return;
    }
    if (this.#armedFor !== undefined && this.#armedFor <= deadline) return;
    this.#disarmTimer();
    this.#armedFor = deadline;
    this.#disarm = this.#clock.at(deadline, () => this.#ring());
  }

  #disarmTimer(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedFor = undefined;
  }

  #ring(): void {
    this.#armedFor = undefined;
    if (this.#deadline === undefined) return;
    const now = this.#clock.monotonic();
    if (now < this.#deadline) {
      this.#adjustTimer();
      return;
    }
    const graceUntil = this.#graceUntil(now);
    if (graceUntil === undefined) {
      this.report({ type: 'deadline' });
      return;
    }
    this.#armedFor = graceUntil;
    this.#disarm = this.#clock.at(graceUntil, () => this.#ring());
  }

  /** `undefined`: silence counts now. */
  #graceUntil(now: Instant): Instant | undefined {
    const deafUntil = this.#loop.deafUntil();
    if (deafUntil === undefined) return undefined;
    this.#putOffSince ??= now;
    const atMost = later(this.#putOffSince, maxGraceMs);
    return atMost > now ? (Math.min(deafUntil, atMost) as Instant) : undefined;
  }
}

function isEnded(signal: unknown): signal is EndedSignal {
  return (signal as Partial<EndedSignal> | undefined)?.type === 'ended';
}

function throwOn(error: unknown): never {
  throw error;
}

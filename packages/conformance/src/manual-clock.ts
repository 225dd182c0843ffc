import type { Instant, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

interface Alarm {
  readonly deadline: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to. Wall clock and monotonic clock advance together; `stepWall` moves the wall clock alone. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 1_000;
  readonly #alarms = new Set<Alarm>();
  #heldUp: { readings: number; readonly durationMs: number } | undefined;

  constructor(start = '2026-01-01T12:00:00.000Z') {
    this.#wall = Date.parse(start);
  }

  now(): Timestamp {
    this.#beforeReading();
    return this.#wall as Timestamp;
  }

  monotonic(): Instant {
    this.#beforeReading();
    return this.#monotonic as Instant;
  }

  at(deadline: Instant, wake: () => void): () => void {
    const alarm: Alarm = { deadline, wake };
    this.#alarms.add(alarm);
    return () => {
      this.#alarms.delete(alarm);
    };
  }

  /** Number of armed deadlines: a leak shows here. */
  get armed(): number {
    return this.#alarms.size;
  }

  /** Moves time on. Alarms on the way ring in order, each at its own instant. */
  advance(durationMs: number): void {
    const end = this.#monotonic + durationMs;
    for (let alarm = this.#nextDue(end); alarm !== undefined; alarm = this.#nextDue(end)) {
      this.#alarms.delete(alarm);
      this.#moveTo(Math.max(alarm.deadline, this.#monotonic));
      alarm.wake();
    }
    this.#moveTo(Math.max(end, this.#monotonic));
  }

  /** Like {@link advance}, but lets promises settle after every alarm. */
  async advanceAsync(durationMs: number): Promise<void> {
    const end = this.#monotonic + durationMs;
    await settled();
    for (let alarm = this.#nextDue(end); alarm !== undefined; alarm = this.#nextDue(end)) {
      this.#alarms.delete(alarm);
      this.#moveTo(Math.max(alarm.deadline, this.#monotonic));
      alarm.wake();
      await settled();
    }
    this.#moveTo(Math.max(end, this.#monotonic));
  }

  /** Moves time on as if the process stood still: alarms on the way ring late, at the end. */
  stall(durationMs: number): void {
    this.#moveTo(this.#monotonic + durationMs);
    this.advance(0);
  }

  /** The process is stopped between two statements: before it reads a clock for the n-th time from now. No alarm rings meanwhile. */
  stallBeforeReading(nth: number, durationMs: number): void {
    this.#heldUp = { readings: nth, durationMs };
  }

  /** Sets the wall clock forward or back without time passing, as an operator or NTP would. */
  stepWall(byMs: number): void {
    this.#wall += byMs;
  }

  #beforeReading(): void {
    if (this.#heldUp === undefined || (this.#heldUp.readings -= 1) > 0) return;
    const { durationMs } = this.#heldUp;
    this.#heldUp = undefined;
    this.#moveTo(this.#monotonic + durationMs);
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #nextDue(end: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.deadline <= end && (next === undefined || alarm.deadline < next.deadline)) next = alarm;
    }
    return next;
  }
}

/** The clock of another machine: time passes as with `shared`, and its wall clock is set on its own. */
export class ClockOfAnother extends ManualClock {
  readonly #shared: ManualClock;
  #aheadMs: number;

  constructor(shared: ManualClock, aheadMs = 0) {
    super();
    this.#shared = shared;
    this.#aheadMs = aheadMs;
  }

  override now(): Timestamp {
    return (this.#shared.now() + this.#aheadMs) as Timestamp;
  }

  override monotonic(): Instant {
    return this.#shared.monotonic();
  }

  override at(deadline: Instant, wake: () => void): () => void {
    return this.#shared.at(deadline, wake);
  }

  override stepWall(byMs: number): void {
    this.#aheadMs += byMs;
  }
}

/** Resolves once the promises that are ready now, and those they make ready, have settled. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
}

import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** Tells whether the adapter observes things when they happen, or late: its process stood still, or its event loop was busy. */
export interface LoopWatch {
  /**
   * By how much at most what was observed at this instant had happened before, in whole milliseconds; 0 on a healthy loop.
   *
   * @param observedAt now, or an instant that has passed.
   */
  latenessMs(observedAt: Instant): number;
  /**
   * Until when silence proves nothing: after a stall, what devices sent meanwhile waits in their sockets, and timers fire before it
   * is read. `undefined` where silence counts.
   */
  deafUntil(): Instant | undefined;
  stop(): void;
}

/** The time from one ring to the next, or until now. */
interface Beat {
  readonly from: Instant;
  readonly to: Instant;
  /** How late the ring was with which it began, or the one before. */
  readonly rangLateMs: number;
}

/** A time in which things were observed late: one beat, or several in a row. */
interface LateSpell {
  readonly first: Beat;
  readonly to: Instant;
  readonly byMs: number;
}

const beatMs = 100;
/** A timer of a healthy loop may be as late as this. */
const toleranceMs = 50;
/** Lateness from which on silence proves nothing. */
const stallMs = 1_000;
/** How long devices are listened to after a stall before silence counts again. */
const graceMs = 1_000;
/** Spells that are remembered; a device may have been silent since any of them. */
const maxSpells = 1_000;

/** For those whose time is exact, as that of a manual clock. */
export const punctual: LoopWatch = { latenessMs: () => 0, deafUntil: () => undefined, stop() {} };

/**
 * Watches the event loop by a timer that should ring every 100 ms. Between two rings in time, every socket that had something
 * to read was read.
 */
export function createLoopWatch(clock: Clock): LoopWatch {
  let rangAt = clock.monotonic();
  /** Of the latest ring and of the one before: what is read now may have waited through both. */
  let late: readonly [latestMs: number, beforeMs: number] = [0, 0];
  let deafUntil: Instant | undefined;
  const spells: LateSpell[] = [];
  let disarm = arm();

  function arm(): () => void {
    return clock.at(later(rangAt, beatMs), ring);
  }

  const latestBeat = (to: Instant): Beat => ({ from: rangAt, to, rangLateMs: Math.max(...late) });

  function remember(beat: Beat): void {
    const byMs = lateAt(beat, beat.to);
    if (byMs === 0) return;
    const before = spells.at(-1);
    if (before?.to !== beat.from) spells.push({ first: beat, to: beat.to, byMs });
    else spells[spells.length - 1] = { ...before, to: beat.to, byMs: Math.max(before.byMs, byMs) };
    if (spells.length > maxSpells) spells.shift();
  }

  function ring(): void {
    // The clock is read once: the process may be stopped at any statement, and the next ring must see that.
    const now = clock.monotonic();
    const overdue = overdueMs(rangAt, now);
    remember(latestBeat(now));
    rangAt = now;
    late = [overdue, late[0]];
    // Catching up is part of the stall: the loop is busy with what has waited.
    if (overdue > stallMs || (overdue > 0 && isDeaf(now))) deafUntil = later(rangAt, graceMs);
    disarm = arm();
  }

  function isDeaf(now: Instant): boolean {
    return deafUntil !== undefined && deafUntil > now;
  }

  return {
    latenessMs(observedAt) {
      if (observedAt >= rangAt) return lateAt(latestBeat(observedAt), observedAt);
      const spell = spells.findLast(({ first, to }) => first.from <= observedAt && observedAt <= to);
      if (!spell) return 0;
      // What was read before the process stood still in the first beat did not wait for that.
      return observedAt <= spell.first.to ? lateAt(spell.first, observedAt) : spell.byMs;
    },
    deafUntil() {
      const now = clock.monotonic();
      if (overdueMs(rangAt, now) > stallMs) return later(now, graceMs);
      return isDeaf(now) ? deafUntil : undefined;
    },
    stop: () => disarm(),
  };
}

/** How late the timer is at this instant; what happened just after its latest ring is later by the whole beat. */
function overdueMs(rangAt: Instant, now: Instant): number {
  const byMs = now - rangAt - beatMs;
  return byMs > toleranceMs ? byMs + beatMs : 0;
}

/** By how much what was observed at this instant of a beat may have happened before. */
function lateAt({ from, rangLateMs }: Beat, observedAt: Instant): number {
  // What waits since before a late ring has waited on since then, however short that was.
  return Math.ceil(rangLateMs === 0 ? overdueMs(from, observedAt) : rangLateMs + observedAt - from);
}

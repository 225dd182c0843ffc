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

/** A time in which things were observed late. */
interface LateSpell {
  readonly from: Instant;
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

  /** How late the timer is; what happened just after its latest ring is later by the whole beat. */
  function overdueMs(now: Instant): number {
    const byMs = now - rangAt - beatMs;
    return byMs > toleranceMs ? byMs + beatMs : 0;
  }

  function sinceLatestRing(to: Instant): LateSpell {
    const rangLateMs = Math.max(...late);
    // What waits since before a late ring has waited on since then, however short that was.
    const byMs = Math.ceil(rangLateMs === 0 ? overdueMs(to) : rangLateMs + to - rangAt);
    return { from: rangAt, to, byMs };
  }

  function remember(spell: LateSpell): void {
    if (spell.byMs === 0) return;
    const before = spells.at(-1);
    if (before?.to !== spell.from) spells.push(spell);
    else spells[spells.length - 1] = { ...spell, from: before.from, byMs: Math.max(before.byMs, spell.byMs) };
    if (spells.length > maxSpells) spells.shift();
  }

  function ring(): void {
    // The clock is read once: the process may be stopped at any statement, and the next ring must see that.
    const now = clock.monotonic();
    const overdue = overdueMs(now);
    remember(sinceLatestRing(now));
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
      if (observedAt >= rangAt) return sinceLatestRing(clock.monotonic()).byMs;
      return spells.findLast(({ from, to }) => from <= observedAt && observedAt <= to)?.byMs ?? 0;
    },
    deafUntil() {
      const now = clock.monotonic();
      if (overdueMs(now) > stallMs) return later(now, graceMs);
      return isDeaf(now) ? deafUntil : undefined;
    },
    stop: () => disarm(),
  };
}

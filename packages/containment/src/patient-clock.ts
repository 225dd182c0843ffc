import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** How often a timer shows that the event loop turns. */
const beatMs = 100;
/** A timer of a healthy loop may be as late as this. */
const toleranceMs = 50;
/** The longest time after a standstill that does not count either. */
const maxGraceMs = 1_000;

/**
 * The time by which a peer's silence counts. It stops while the process stands still or its event loop is busy: what the peer said
 * meanwhile waits in the socket. It stays stopped for as long again, at most a second, while that is read and the peer catches up.
 *
 * Its instants are of no use with another clock.
 */
export function patientClock(clock: Clock): Clock {
  /** What this clock showed at the instant `since` of the other clock: from then on both run alike. */
  let base = clock.monotonic();
  let since = base;
  let shown = base;
  /** When the event loop was last known to turn. */
  let turnedAt = base;
  /** Counts at the next standstill, unless the loop turned in time before it: if it never does, deadlines must still be reached. */
  let waitedMs = 0;
  let armed = 0;
  let disarmBeat = (): void => {};

  function monotonic(): Instant {
    return shownAt(clock.monotonic());
  }

  function shownAt(now: Instant): Instant {
    noticeStandstill(now);
    shown = Math.max(shown, base + Math.max(0, now - since)) as Instant;
    return shown;
  }

  /** Without deadlines the loop is not watched, and nothing depends on it. */
  function noticeStandstill(now: Instant): void {
    const overdueMs = now - turnedAt - beatMs;
    if (armed === 0 || overdueMs <= toleranceMs) return;
    shown = later(shown, waitedMs);
    waitedMs = beatMs;
    base = shown;
    since = later(now, Math.min(overdueMs, maxGraceMs));
    turnedAt = now;
  }

  function watchLoop(now: Instant): void {
    turnedAt = now;
    disarmBeat = clock.at(later(turnedAt, beatMs), beat);
  }

  function beat(): void {
    const before = turnedAt;
    // Read once: the process may be stopped at any statement, and the next beat must see that.
    const now = clock.monotonic();
    shownAt(now);
    // If a deadline rang in this turn, it has noticed the standstill already.
    const isInTime = turnedAt === before && now - before >= beatMs;
    if (isInTime) waitedMs = 0;
    watchLoop(now);
  }

  return {
    now: () => clock.now(),
    monotonic,
    at(deadline, wake) {
      let isOver = false;
      let disarm = (): void => {};
      const end = (): void => {
        isOver = true;
        armed -= 1;
        if (armed === 0) disarmBeat();
      };
      const ring = (): void => {
        const leftMs = deadline - monotonic();
        if (leftMs > 0) disarm = clock.at(later(standsUntil(), leftMs), ring);
        else {
          end();
          wake();
        }
      };
      const standsUntil = (): Instant => Math.max(since, clock.monotonic()) as Instant;

      const leftMs = Math.max(0, deadline - monotonic());
      armed += 1;
      if (armed === 1) watchLoop(clock.monotonic());
      disarm = clock.at(later(standsUntil(), leftMs), ring);
      return () => {
        if (isOver) return;
        end();
        disarm();
      };
    },
  };
}

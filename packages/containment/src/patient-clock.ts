import { later, type Clock, type Instant } from '@rollcall/core';

/** How often the event loop shows that it turns. */
const beatMs = 100;
/** A timer of a healthy loop may be as late as this. */
const toleranceMs = 50;
/** Longest time after a standstill that does not count either. */
const maxGraceMs = 1_000;

/**
 * Time that counts against a peer. It stands while the process stands still or its event loop is busy, for what the peer said meanwhile
 * waits in the socket; and afterwards for as long again, at most a second, while that is read and the peer catches up.
 *
 * Its instants mean nothing to any other clock.
 */
export function patientClock(clock: Clock): Clock {
  /** What this clock showed at `since`: from there on it goes with the other one. */
  let base = clock.monotonic();
  let since = base;
  let shown = base;
  /** When the event loop was last known to turn. */
  let turnedAt = base;
  /** What a loop that is late in every turn has waited by its latest turn, in which it read: else it would wait for ever. */
  let waitedMs = 0;
  let armed = 0;
  let disarmBeat = (): void => {};

  function monotonic(): Instant {
    const now = clock.monotonic();
    noticeStandstill(now);
    shown = Math.max(shown, base + Math.max(0, now - since)) as Instant;
    return shown;
  }

  /** Without deadlines nobody watches the loop, and nothing depends on it. */
  function noticeStandstill(now: Instant): void {
    const overdueMs = now - turnedAt - beatMs;
    if (armed === 0 || overdueMs <= toleranceMs) return;
    shown = later(shown, waitedMs);
    waitedMs = beatMs;
    base = shown;
    since = later(now, Math.min(overdueMs, maxGraceMs));
    turnedAt = now;
  }

  function watchLoop(): void {
    turnedAt = clock.monotonic();
    disarmBeat = clock.at(later(turnedAt, beatMs), beat);
  }

  function beat(): void {
    const before = turnedAt;
    monotonic();
    // Where a deadline rang in this turn, it has noticed what there was.
    const isInTime = turnedAt === before && clock.monotonic() - before >= beatMs;
    if (isInTime) waitedMs = 0;
    watchLoop();
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
      if (armed === 1) watchLoop();
      disarm = clock.at(later(standsUntil(), leftMs), ring);
      return () => {
        if (isOver) return;
        end();
        disarm();
      };
    },
  };
}

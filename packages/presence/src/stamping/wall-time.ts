import type { Instant, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

/** How far the wall clock runs ahead of the monotonic clock, in milliseconds. */
export type WallOffset = number;

/** A smaller step back does not mean that the wall clock was set: it is read in whole milliseconds, and may be slewed. */
const toleranceMs = 2;
/** How long it takes at most to read both clocks, unless the process is held up meanwhile. */
const promptMs = 0.5;
const maxTries = 10;

/**
 * The wall-clock time of instants. A later instant has no earlier time, unless the wall clock was set back meanwhile: two readings
 * of a clock that counts whole milliseconds would differ by rounding alone.
 */
export interface WallTime {
  /** The offset of this moment. It changes when the wall clock is set. */
  offset(): WallOffset;
  at(instant: Instant): Timestamp;
  /** As {@link at}, for a connection that began with this offset: the monotonic clock decides how long after the beginning it is. */
  since(began: WallOffset, instant: Instant): Timestamp;
}

export function createWallTime(clock: Clock): WallTime {
  let latest = read();

  /** The process may be held up between reading the two clocks: such a reading would be wrong by that time, and is repeated. */
  function read(): WallOffset {
    let best = { offset: 0, tookMs: Number.POSITIVE_INFINITY };
    for (let triesLeft = maxTries; triesLeft > 0 && best.tookMs > promptMs; triesLeft--) {
      const before = clock.monotonic();
      const wall = clock.now();
      const after = clock.monotonic();
      if (after - before < best.tookMs) best = { offset: wall - after, tookMs: after - before };
    }
    return best.offset;
  }

  function offset(): WallOffset {
    const now = read();
    if (now > latest || latest - now > toleranceMs) latest = now;
    return latest;
  }

  function on(instant: Instant, ahead: WallOffset): Timestamp {
    return Math.floor(ahead + instant) as Timestamp;
  }

  return {
    offset,
    at: (instant) => on(instant, offset()),
    since(began, instant) {
      const now = offset();
      return on(instant, Math.abs(now - began) <= toleranceMs ? now : began);
    },
  };
}

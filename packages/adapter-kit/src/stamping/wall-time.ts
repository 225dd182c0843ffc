import type { Clock, Instant, Timestamp } from '@rollcall/core';

/** How far the wall clock runs ahead of the monotonic clock, in milliseconds. */
export type WallOffset = number;

/** By less than this the wall clock is not set back: it is read in whole milliseconds, and may be slewed. */
const toleranceMs = 2;

/**
 * The wall-clock time of instants. What happened later has no earlier time, unless the wall clock was set back meanwhile: two readings
 * of a clock that counts whole milliseconds would differ by rounding alone.
 */
export interface WallTime {
  /** The offset of this moment. It changes when the wall clock is set. */
  offset(): WallOffset;
  at(instant: Instant): Timestamp;
  /** As {@link at}, for what began with this offset: as long after its beginning as the monotonic clock says. */
  since(began: WallOffset, instant: Instant): Timestamp;
}

export function createWallTime(clock: Clock): WallTime {
  let latest = read();

  function read(): WallOffset {
    return clock.now() - clock.monotonic();
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

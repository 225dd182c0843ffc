import type { Clock, Epoch } from '@rollcall/core';

/** How far ahead of elapsed time one step of the wall clock may take the epoch. */
const maxForwardJumpMs = 60_000;
const counterLimit = 0xffff;

/**
 * Makes epochs: a hybrid logical clock (Kulkarni et al. 2014). It follows the wall clock but never goes back, and
 * follows a forward jump by at most a minute more than the time that really passed, so that a wall clock set wrong
 * for a moment does not push all later epochs into the future.
 *
 * @param highWater the greatest epoch an earlier incarnation gave out; every new one is greater.
 */
export function createEpochSource(clock: Clock, highWater?: Epoch): () => Epoch {
  let physicalMs = highWater === undefined ? clock.now() : Number.parseInt(highWater.slice(0, 12), 16);
  let counter = highWater === undefined ? 0 : Number.parseInt(highWater.slice(12), 16);
  let readAt = clock.monotonic();
  // What the wall clock says at start is believed: nothing else is known about the time since the last incarnation.
  let allowedMs = Math.max(clock.now(), physicalMs);

  return () => {
    const elapsedMs = Math.max(0, clock.monotonic() - readAt);
    readAt = clock.monotonic();
    allowedMs += elapsedMs;
    const wallMs = Math.min(clock.now(), Math.floor(allowedMs) + maxForwardJumpMs);
    if (wallMs > physicalMs) {
      physicalMs = wallMs;
      counter = 0;
    } else if (counter < counterLimit) {
      counter += 1;
    } else {
      physicalMs += 1;
      counter = 0;
    }
    allowedMs = Math.max(allowedMs, physicalMs);
    return (physicalMs.toString(16).padStart(12, '0') + counter.toString(16).padStart(4, '0')) as Epoch;
  };
}

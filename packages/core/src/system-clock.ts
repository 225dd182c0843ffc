import type { Clock } from './clock.ts';
import type { Instant, Timestamp } from './ids.ts';

/** The longest delay timers know; longer waits are made of several. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The real time. */
export const systemClock: Clock = {
  now: () => Date.now() as Timestamp,
  monotonic: () => performance.now() as Instant,
  at(deadline, wake) {
    // Timers may fire up to a millisecond early on the monotonic clock.
    const ring = (): void => {
      if (performance.now() < deadline) timer = setTimeout(ring, delayUntil(deadline));
      else wake();
    };
    let timer = setTimeout(ring, delayUntil(deadline));
    return () => clearTimeout(timer);
  },
};

function delayUntil(deadline: Instant): number {
  return Math.min(Math.max(Math.ceil(deadline - performance.now()), 0), longestTimeoutMs);
}

import type { Clock } from './clock.ts';
import type { Instant, Timestamp } from './ids.ts';

/** The longest delay timers know; longer waits are made of several. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The real time. */
export const systemClock: Clock = {
  now: () => Date.now() as Timestamp,
  monotonic: () => performance.now() as Instant,
  at(deadline, wake) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      const remainingMs = Math.ceil(deadline - performance.now());
      timer = setTimeout(ring, Math.min(Math.max(remainingMs, 0), longestTimeoutMs));
    };
    // Timers may fire up to a millisecond early on the monotonic clock.
    const ring = (): void => (performance.now() < deadline ? arm() : wake());
    arm();
    return () => clearTimeout(timer);
  },
};

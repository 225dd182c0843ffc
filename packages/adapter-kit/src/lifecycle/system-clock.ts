import type { Clock, Instant, Timestamp } from '@rollcall/core';

/** The longest delay Node's timers know; longer waits are made of several. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The real time. */
export const systemClock: Clock = {
  now: () => Date.now() as Timestamp,
  monotonic: () => performance.now() as Instant,
  at(deadline, wake) {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const remainingMs = deadline - performance.now();
      timer = setTimeout(ring, Math.min(Math.max(Math.ceil(remainingMs), 0), longestTimeoutMs));
    };
    // Node's timers may fire up to a millisecond early on the monotonic clock.
    const ring = (): void => (performance.now() < deadline ? arm() : wake());
    arm();
    return () => clearTimeout(timer);
  },
};

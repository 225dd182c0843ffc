import { later, type Clock } from '@rollcall/core/environment';

/**
 * Calls back after a time, once what has arrived by then was read: a process that was frozen, or busy, runs its timers before it reads
 * its sockets. For limits on what a peer must do in time.
 *
 * @returns disarms it, also between the two.
 */
export function afterReading(
  clock: Pick<Clock, 'at' | 'monotonic'>,
  withinMs: number,
  then: () => void,
): () => void {
  let isArmed = true;
  const disarm = clock.at(later(clock.monotonic(), withinMs), () => {
    setImmediate(() => {
      if (isArmed) then();
    });
  });
  return () => {
    isArmed = false;
    disarm();
  };
}

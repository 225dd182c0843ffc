import { later, type Clock } from '@rollcall/core';

const everyMs = 60_000;

/** Tells of something that may happen any number of times: at once, then once a minute while it goes on, and once when it is over. */
export interface MinuteLog {
  /** It happened. */
  count(): void;
  stop(): void;
}

/** @param say is told how often it happened since it was last called. */
export function createMinuteLog(
  clock: Clock,
  { say, over }: { say(count: number): void; over(): void },
): MinuteLog {
  let unsaid = 0;
  let disarm: (() => void) | undefined;

  function sayNow(): void {
    say(unsaid);
    unsaid = 0;
    disarm = clock.at(later(clock.monotonic(), everyMs), minuteOver);
  }

  function minuteOver(): void {
    disarm = undefined;
    if (unsaid > 0) sayNow();
    else over();
  }

  return {
    count() {
      unsaid += 1;
      if (!disarm) sayNow();
    },
    stop: () => disarm?.(),
  };
}

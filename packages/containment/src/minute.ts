import { later, type Clock } from '@rollcall/core/environment';

export const minuteMs = 60_000;

/** A minute in which things are counted that share one log line. */
export interface Minute {
  /** Begins the minute, unless it runs already. Returns whether this call began it. */
  begin(): boolean;
  isRunning(): boolean;
  /** Ends the minute without calling `over`. */
  stop(): void;
}

/** @param over called at the end of each minute that was begun. It may begin the next one. */
export function createMinute(clock: Pick<Clock, 'monotonic' | 'at'>, over: () => void): Minute {
  let disarm: (() => void) | undefined;
  return {
    begin() {
      if (disarm) return false;
      disarm = clock.at(later(clock.monotonic(), minuteMs), () => {
        disarm = undefined;
        over();
      });
      return true;
    },
    isRunning: () => disarm !== undefined,
    stop() {
      disarm?.();
      disarm = undefined;
    },
  };
}

import { later, type Clock } from '@rollcall/core';

const everyMs = 60_000;

/**
 * Logs something that may happen any number of times: the first time, then once a minute while it goes on, and once when
 * it is over.
 */
export interface MinuteLog {
  /** It happened. */
  count(): void;
  stop(): void;
}

export interface MinuteLogOptions {
  /** Called with how often it happened since the last call. */
  say(count: number): void;
  over?(): void;
  /** Whether it goes on although it did not happen again; default: it does not. */
  goesOn?(): boolean;
  /** How long the first line waits; what happened only once by then is not logged. Default: it is logged at once. */
  patienceMs?: number;
}

export function createMinuteLog(
  clock: Clock,
  { say, over, goesOn, patienceMs }: MinuteLogOptions,
): MinuteLog {
  let unsaid = 0;
  let disarm: (() => void) | undefined;

  function wait(forMs: number, wake: () => void): void {
    disarm = clock.at(later(clock.monotonic(), forMs), () => {
      disarm = undefined;
      wake();
    });
  }

  function sayNow(): void {
    say(unsaid);
    unsaid = 0;
    wait(everyMs, minuteOver);
  }

  function minuteOver(): void {
    if (unsaid > 0 || goesOn?.()) sayNow();
    else over?.();
  }

  function patienceOver(): void {
    if (unsaid > 1) return sayNow();
    unsaid = 0;
    wait(everyMs, minuteOver);
  }

  return {
    count() {
      unsaid += 1;
      if (disarm) return;
      if (patienceMs === undefined) sayNow();
      else wait(patienceMs, patienceOver);
    },
    stop: () => disarm?.(),
  };
}

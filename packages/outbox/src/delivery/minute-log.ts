import { createMinute } from '@rollcall/containment';
import { later, type Clock } from '@rollcall/core/environment';

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
  /** Logs how often it happened since the last call. */
  say(count: number): void;
  over?(): void;
  /** Whether it goes on although it did not happen again; default: it does not. */
  goesOn?(): boolean;
  /** How long the first line waits; a single occurrence by then is not logged. Default: it is logged at once. */
  patienceMs?: number;
}

export function createMinuteLog(
  clock: Clock,
  { say, over, goesOn, patienceMs }: MinuteLogOptions,
): MinuteLog {
  let unsaid = 0;
  let patience: (() => void) | undefined;
  const minute = createMinute(clock, () => {
    if (unsaid > 0 || goesOn?.()) sayNow();
    else over?.();
  });

  function sayNow(): void {
    say(unsaid);
    unsaid = 0;
    minute.begin();
  }

  function patienceOver(): void {
    patience = undefined;
    minute.begin();
    if (unsaid > 1) say(unsaid);
    unsaid = 0;
  }

  return {
    count() {
      unsaid += 1;
      if (patience || minute.isRunning()) return;
      if (patienceMs === undefined) sayNow();
      else patience = clock.at(later(clock.monotonic(), patienceMs), patienceOver);
    },
    stop() {
      patience?.();
      minute.stop();
    },
  };
}

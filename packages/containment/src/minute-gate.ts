import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import { minuteMs } from './minute.ts';

/** Lets one log line a minute through. It has no timer: what is held back is only counted. */
export interface MinuteGate {
  /** `undefined`: no line now. Else a line may be written, and this is the number of lines held back since the last one. */
  pass(): number | undefined;
}

export function createMinuteGate(clock: Pick<Clock, 'monotonic'>): MinuteGate {
  let passedAt: Instant | undefined;
  let heldBack = 0;
  return {
    pass() {
      const now = clock.monotonic();
      if (passedAt !== undefined && now - passedAt < minuteMs) {
        heldBack += 1;
        return undefined;
      }
      const before = heldBack;
      passedAt = now;
      heldBack = 0;
      return before;
    },
  };
}

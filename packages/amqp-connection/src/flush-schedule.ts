import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** Decides when the messages that were handed in are sent. */
export interface FlushSchedule {
  /** Makes `flush` be called once: at the end of this turn of the event loop, or when messages have gathered. */
  ask(): void;
  /** Whether a flush was asked for and has not come yet. */
  isAsked(): boolean;
  /** Makes `flush` be called in a few milliseconds: rhea has no event for a session window that opens. */
  lookAgain(): void;
  /** Messages were sent: the next ones gather from then on. */
  sent(at: Instant): void;
  stop(): void;
}

const lookAgainMs = 5;

/** One flush for everything that was handed in within a turn of the event loop, or within the time to gather. */
export function createFlushSchedule(clock: Clock, gatherMs: number, flush: () => void): FlushSchedule {
  let asked = false;
  let sentAt = -Infinity as Instant;
  let disarmGather: (() => void) | undefined;
  let disarmLook: (() => void) | undefined;

  function flushNow(): void {
    asked = false;
    disarmGather = undefined;
    flush();
  }

  return {
    ask() {
      if (asked) return;
      asked = true;
      const now = clock.monotonic();
      const next = later(sentAt, gatherMs);
      if (next <= now) setImmediate(flushNow);
      else disarmGather = clock.at(next, flushNow);
    },
    isAsked: () => asked,
    lookAgain() {
      disarmLook ??= clock.at(later(clock.monotonic(), lookAgainMs), () => {
        disarmLook = undefined;
        flush();
      });
    },
    sent(at) {
      sentAt = at;
    },
    stop() {
      disarmLook?.();
      disarmGather?.();
    },
  };
}

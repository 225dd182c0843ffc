import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** Finds out whether a connection only looks alive, or has slow consumers. */
export interface StallWatch {
  /** The peer settled something, in time or late. */
  heard(): void;
  /** An answer did not come within `patienceMs`. The result says whether to give up the connection. */
  overdue(patienceMs: number): boolean;
}

/** A peer counts as dead when no answer came for this many time-outs, from the first overdue answer on. */
const patienceTimes = 10;

/**
 * Some brokers lose a session without ending it: transfers are taken, outcomes never come, heartbeats go on. One silent
 * consumer looks the same for its own address, and must not cost the others their connection: one outcome on any link proves that the connection works.
 */
export function createStallWatch(clock: Clock): StallWatch {
  let overdueSince: Instant | undefined;
  return {
    heard() {
      overdueSince = undefined;
    },
    overdue(patienceMs) {
      const now = clock.monotonic();
      // The first one was sent `patienceMs` ago.
      overdueSince ??= later(now, -patienceMs);
      return now - overdueSince >= patienceTimes * patienceMs;
    },
  };
}

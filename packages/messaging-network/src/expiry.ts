import { later, type Clock } from '@rollcall/core';

export interface ExpiryOptions {
  readonly clock: Clock;
  /** Takes out what has expired by `now`. Returns when the next one expires: wall-clock milliseconds, or `Infinity`. */
  sweep(now: number): number;
}

/** Has a queue swept when something in it has expired: at once where it is asked for, else within a second. */
export interface Expiry {
  /** Something is in the queue that expires then. */
  note(expiresAt: number | undefined): void;
  /** Afterwards nothing is in the queue that has expired. */
  settle(): void;
  /** Nothing is swept any more. */
  stop(): void;
}

const atMostEveryMs = 1_000;
/** The wall clock may be set. */
const lookAgainMs = 60_000;

export function createExpiry({ clock, sweep }: ExpiryOptions): Expiry {
  let earliest = Infinity;
  let stopped = false;
  let disarm: (() => void) | undefined;

  function arm(): void {
    disarm?.();
    disarm = undefined;
    if (earliest === Infinity) return;
    const waitMs = Math.min(Math.max(earliest - clock.now(), atMostEveryMs), lookAgainMs);
    disarm = clock.at(later(clock.monotonic(), waitMs), () => {
      settle();
      arm();
    });
  }

  function settle(): void {
    const now = clock.now();
    if (now < earliest) return;
    earliest = sweep(now);
    if (earliest === Infinity) arm();
  }

  return {
    note(expiresAt = Infinity) {
      if (stopped || expiresAt >= earliest) return;
      earliest = expiresAt;
      arm();
    },
    settle,
    stop() {
      disarm?.();
      earliest = Infinity;
      stopped = true;
    },
  };
}

import { later, type Clock } from '@rollcall/core/environment';

export interface ExpiryOptions {
  readonly clock: Clock;
  /** Removes the messages that have expired by `now`. Returns when the next one expires: wall-clock milliseconds, or `Infinity`. */
  sweep(now: number): number;
}

/** Decides when a queue is swept: when it is used, else within a second after a message expired. */
export interface Expiry {
  /** The queue has a message that expires at this time. */
  note(expiresAt: number | undefined): void;
  /** Sweeps now if a message has expired. */
  settle(): void;
  /** Ends all sweeping. */
  stop(): void;
}

const atMostEveryMs = 1_000;
/** When to look again at messages that expire later than this: the wall clock may be set meanwhile. */
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

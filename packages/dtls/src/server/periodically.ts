import type { DtlsClock } from './options.ts';

export interface Periodically {
  /** Starts the timer if it does not run: there is work to do. */
  arm(): void;
  stop(): void;
}

/** Works at intervals for as long as `work` says there is more to do: one timer for all, none while there is nothing. */
export function periodically(
  clock: DtlsClock,
  everyMs: number,
  work: (now: number) => boolean,
): Periodically {
  let disarm: (() => void) | undefined;

  function wake(): void {
    disarm = undefined;
    if (work(clock.monotonic())) arm();
  }

  function arm(): void {
    disarm ??= clock.at(clock.monotonic() + everyMs, wake);
  }

  return {
    arm,
    stop() {
      disarm?.();
      disarm = undefined;
    },
  };
}

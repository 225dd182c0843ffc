import type { Clock, Log } from '@rollcall/core';

/** Tells of what serving one peer threw. */
export interface FailureReport {
  /**
   * Counts a failure, and logs it with its stack: the first of its place at once, then one a minute at most. Never throws.
   *
   * @param where a place in our code, e.g. `mqtt`: a label of a metric, never what a peer says.
   */
  failed(where: string, error: unknown): void;
  /** Failures since the process began, by place. */
  readonly counts: Readonly<Record<string, number>>;
}

const everyMs = 60_000;

interface Place {
  toldAt: number;
  untold: number;
}

export function createFailureReport({
  clock,
  log,
}: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}): FailureReport {
  const counts: Record<string, number> = {};
  const places = new Map<string, Place>();

  return {
    counts,
    failed(where, error) {
      counts[where] = (counts[where] ?? 0) + 1;
      const now = clock.monotonic();
      const known = places.get(where);
      if (known && now - known.toldAt < everyMs) {
        known.untold++;
        return;
      }
      const untold = known?.untold ?? 0;
      places.set(where, { toldAt: now, untold: 0 });
      log.error(
        { where, err: error, ...(untold > 0 && { alsoSinceLastLine: untold }) },
        'serving a peer failed; it costs this peer what it asked for, and no other',
      );
    },
  };
}

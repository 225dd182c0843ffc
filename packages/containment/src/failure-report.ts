import type { Clock, Log } from '@rollcall/core/environment';
import { createMinuteGate, type MinuteGate } from './minute-gate.ts';

/** Reports exceptions of code that serves one peer. */
export interface FailureReport {
  /**
   * Counts a failure, and logs it with its stack: the first of each place at once, then at most one a minute. Never throws.
   *
   * @param where a place in our code, e.g. `mqtt`: a label of a metric, never what a peer says.
   */
  failed(where: string, error: unknown): void;
  /** Failures since the process started, by place. */
  readonly counts: Readonly<Record<string, number>>;
}

export function createFailureReport({
  clock,
  log,
}: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}): FailureReport {
  const counts: Record<string, number> = {};
  const gates = new Map<string, MinuteGate>();

  return {
    counts,
    failed(where, error) {
      counts[where] = (counts[where] ?? 0) + 1;
      const gate = gates.get(where) ?? createMinuteGate(clock);
      gates.set(where, gate);
      const heldBack = gate.pass();
      if (heldBack === undefined) return;
      log.error(
        { where, err: error, ...(heldBack > 0 && { alsoSinceLastLine: heldBack }) },
        'serving a peer failed: this peer loses what it asked for, others do not notice',
      );
    },
  };
}

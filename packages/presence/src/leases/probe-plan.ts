/** When a device is asked whether it is there, and how long its answer is waited for. */
export interface ProbePlan {
  /** How long before the end of the lease. */
  readonly leadMs: number;
  readonly durationMs: number;
}

/** Share of its interval before which no device is probed. */
const largestLead = 1 / 4;
/** Share of its interval for which the answer is waited for at most. */
const largestDuration = 1 / 2;
/** Shorter would not allow a lost message to be sent again. */
const shortestMs = 4_000;

/**
 * Plans a probe so that the silence of a device is told soon after its lease would have run out, however short that is.
 *
 * @param longestMs how long a probe takes with all that is sent again.
 */
export function planProbe(intervalMs: number, longestMs: number): ProbePlan {
  const durationMs = Math.min(longestMs, Math.max(shortestMs, intervalMs * largestDuration));
  return { leadMs: Math.min(durationMs, intervalMs * largestLead), durationMs };
}

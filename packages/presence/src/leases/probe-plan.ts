/** When a device is probed, and how long to wait for its answer. */
export interface ProbePlan {
  /** How long before the end of the lease. */
  readonly leadMs: number;
  readonly durationMs: number;
}

/** The earliest a probe begins: this share of the interval before its end. */
const largestLead = 1 / 4;
/** The longest wait for the answer, as a share of the interval. */
const largestDuration = 1 / 2;
/** A shorter wait would not allow a lost message to be sent again. */
const shortestMs = 4_000;

/**
 * Plans a probe so that the silence of a device is reported soon after its lease would have run out, however short the lease is.
 *
 * @param longestMs how long a probe takes with all that is sent again.
 */
export function planProbe(intervalMs: number, longestMs: number): ProbePlan {
  const durationMs = Math.min(longestMs, Math.max(shortestMs, intervalMs * largestDuration));
  return { leadMs: Math.min(durationMs, intervalMs * largestLead), durationMs };
}

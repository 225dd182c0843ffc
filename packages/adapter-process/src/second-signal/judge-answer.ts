/** What a presence service says of one instance, as far as it could be read. Times are of one clock, that of the service. */
export interface HeardAnswer {
  /** Everything that reached the network before is in the answer; `undefined`: nothing was read yet. */
  readonly readThroughMs: number | undefined;
  /** How long ago that is. */
  readonly lagMs: number | undefined;
  /** Since when it follows the events. */
  readonly coveredSinceMs: number;
  /** `undefined`: it never heard of this instance. */
  readonly heardAtMs: number | undefined;
}

/** A cut-off adapter announces every quarter of the time: within half of it, two were on their way. */
const newsShare = 1 / 2;

/**
 * Whether an instance still publishes. One that died with its last sign of life published until then, and was silent for most of
 * `withinMs`: what it said before it died must not count, so only the later half does. An answer that does not reach so far says
 * nothing, whatever it has: its news is old.
 *
 * @param withinMs for how long there was no sign of life.
 */
export function judgeAnswer(
  { readThroughMs, lagMs, coveredSinceMs, heardAtMs }: HeardAnswer,
  withinMs: number,
): 'publishes' | 'silent' | 'unknown' {
  const newsMs = withinMs * newsShare;
  if (readThroughMs === undefined || lagMs === undefined || lagMs > newsMs) return 'unknown';
  if (heardAtMs !== undefined && readThroughMs - heardAtMs <= newsMs) return 'publishes';
  return readThroughMs - coveredSinceMs < newsMs ? 'unknown' : 'silent';
}

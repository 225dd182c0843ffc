import type { Instant } from '@rollcall/core';

/** A file that has not changed for this long has settled: what is in it counts. */
export const settleMs = 1_000;
/** A file that has changed without settling for this long is reported. */
const unsettledMs = 60_000;

/** What is known of a file that is looked at again and again. */
export interface Settling {
  /** Its signature when it was last read. */
  readonly read: string | undefined;
  /** Its signature now, and since when. */
  readonly seen: string | undefined;
  readonly since: Instant;
  /** Since when it differs from what was read. */
  readonly changedAt: Instant | undefined;
}

export interface Settled {
  readonly state: Settling;
  /** `wait`: someone still writes to it; `unsettled`: for more than a minute now. */
  readonly verdict: 'as-read' | 'wait' | 'unsettled' | 'read-now';
}

/**
 * Decides whether a file with this signature is to be read.
 *
 * @param seen its signature now.
 * @param unchangedForMs for how long it has not changed, by its modification time; 0: not known.
 */
export function settle(before: Settling, seen: string, now: Instant, unchangedForMs = 0): Settled {
  const isSame = seen === before.seen;
  const since = isSame ? before.since : ((now - unchangedForMs) as Instant);
  if (seen === before.read)
    return { state: { ...before, seen, since, changedAt: undefined }, verdict: 'as-read' };
  const changedAt = before.changedAt ?? now;
  if (now - since >= settleMs)
    return { state: { ...before, seen, since, changedAt: undefined }, verdict: 'read-now' };
  return {
    state: { ...before, seen, since, changedAt },
    verdict: now - changedAt >= unsettledMs ? 'unsettled' : 'wait',
  };
}

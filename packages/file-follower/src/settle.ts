import type { Instant } from '@rollcall/core';

/** How long a file must not have changed until what is in it counts. */
export const settleMs = 1_000;
/** A file that changes for so long is told of. */
const unsettledMs = 60_000;

/** What is known of a file that was looked at again and again. */
export interface Settling {
  /** What it looked like when it was last read. */
  readonly read: string | undefined;
  /** What it looks like now, and since when. */
  readonly seen: string | undefined;
  readonly since: Instant;
  /** Since when it is another than what was read. */
  readonly changedAt: Instant | undefined;
}

export interface Settled {
  readonly state: Settling;
  /** `wait`: it is still written to; `unsettled`: and has been for long. */
  readonly verdict: 'as-read' | 'wait' | 'unsettled' | 'read-now';
}

/**
 * Decides whether a file that looks like this is to be read.
 *
 * @param unchangedForMs how long it has not changed, as the file itself says; 0 where that is not known.
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

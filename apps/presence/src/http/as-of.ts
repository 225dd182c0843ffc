import type { Timestamp } from '@rollcall/core';

/** How fresh an answer is, and since when it is complete. */
export interface AsOf {
  /** Everything that reached the network before this is in the answer; `undefined`: nothing was read yet. */
  readonly at: Timestamp | undefined;
  /** How long ago that is. */
  readonly lagMs: number | undefined;
  /** Since when this database follows the events. */
  readonly coveredSince: Timestamp;
  /** The time by which every adapter has announced the connections that were open at `coveredSince`. */
  readonly completeFrom: Timestamp;
  readonly isComplete: boolean;
}

/** What the service knows about the stream of events. */
export interface StreamFacts {
  readonly now: Timestamp;
  readonly readThrough: Timestamp | undefined;
  readonly followedSince: Timestamp;
  /** The longest interval at which an adapter announces what is open. */
  readonly announceIntervalMs: number;
}

export function asOf({ now, readThrough: claimed, followedSince, announceIntervalMs }: StreamFacts): AsOf {
  // A clock that was set back since, or that of another replica, may have been ahead.
  const readThrough = claimed === undefined ? undefined : (Math.min(claimed, now) as Timestamp);
  const completeFrom = (followedSince + announceIntervalMs) as Timestamp;
  return {
    at: readThrough,
    lagMs: lagOf(readThrough, now),
    coveredSince: followedSince,
    completeFrom,
    isComplete: readThrough !== undefined && readThrough >= completeFrom,
  };
}

/** The same `AsOf`, with the lag at the time when the answer is sent. */
export function withLagAt(reached: AsOf, now: Timestamp): AsOf {
  return { ...reached, lagMs: lagOf(reached.at, now) };
}

function lagOf(readThrough: Timestamp | undefined, now: Timestamp): number | undefined {
  return readThrough === undefined ? undefined : Math.max(0, now - readThrough);
}

export interface AsOfJson {
  readonly at: string | null;
  readonly 'lag-ms': number | null;
  readonly 'covered-since': string;
  readonly 'complete-from': string;
  readonly complete: boolean;
}

export function asOfJson({ at, lagMs, coveredSince, completeFrom, isComplete }: AsOf): AsOfJson {
  return {
    at: at === undefined ? null : isoTime(at),
    'lag-ms': lagMs ?? null,
    'covered-since': isoTime(coveredSince),
    'complete-from': isoTime(completeFrom),
    complete: isComplete,
  };
}

export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

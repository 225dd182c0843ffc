/**
 * How it is known that a device closes its connection since it sleeps, and not since it leaves. JSON, kept in the journal with what
 * was learned of its gaps.
 */
export interface ClosingHabit {
  /** How often it came back in time after it had closed; more than two say no more. */
  readonly returns: number;
  /** How often a lease ran out that was kept although the device had closed. */
  readonly ranOut: number;
}

/** What was learned of the gaps between a device's bursts of requests. JSON, and of bounded size. */
export interface LearnedGaps {
  readonly count: number;
  readonly meanMs: number;
  readonly deviationMs: number;
  /** The latest ones, oldest first. */
  readonly recentMs: readonly number[];
}

/**
 * What the journal keeps of a rhythm, as JSON. Fields are only ever added: earlier versions of the adapter read past what they do not
 * know, and what they wrote has no `closing`. Without a gap `count` is 0.
 */
export interface LearnedRhythm extends LearnedGaps {
  readonly closing?: ClosingHabit;
}

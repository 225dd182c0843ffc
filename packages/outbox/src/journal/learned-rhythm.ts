/**
 * Shows that a device closes its connection because it sleeps, and not because it leaves. JSON, kept in the journal with what
 * was learned about its gaps.
 */
export interface ClosingHabit {
  /** How often it came back in time after it had closed; it counts up to two. */
  readonly returns: number;
  /** How often a lease ran out that was kept although the device had closed. */
  readonly ranOut: number;
}

/** What was learned about the gaps between a device's bursts of requests. JSON, and of bounded size. */
export interface LearnedGaps {
  readonly count: number;
  readonly meanMs: number;
  readonly deviationMs: number;
  /** The latest ones, oldest first. */
  readonly recentMs: readonly number[];
}

/**
 * What the journal keeps of a rhythm, as JSON. Fields are only ever added: earlier versions of the adapter ignore fields that they do not
 * know, and do not write `closing`. Without a gap `count` is 0.
 */
export interface LearnedRhythm extends LearnedGaps {
  readonly closing?: ClosingHabit;
}

import type { LearnedGaps, ClosingHabit } from '@rollcall/outbox';
import type { Instant } from '@rollcall/core';
import type { Arrival } from './arrival.ts';
import { closesToSleep, wasKeptInVain } from './closing-habit.ts';

/** Requests closer together than this are one burst. */
const burstMs = 5_000;
/** After how many gaps a rhythm counts as known. */
const enoughGaps = 5;
/** Among how many of the latest gaps the largest counts. */
const recentGaps = 8;
/**
 * Weights of a new gap in mean and variance. The variance is slow on purpose: with the weights of TCP's round-trip times
 * (RFC 6298 §2) a run of similar gaps would let a device with 20 % jitter flap every few thousand gaps.
 */
const meanWeight = 1 / 8;
const varianceWeight = 1 / 16;

/** How much longer than the longest of the latest gaps the next one may be. */
const usualMargin = 1.2;
/** Used after a lease was kept and the device did not return. Gaps may vary by 20 % in both directions; one more such lease would be too many. */
const longMargin = 1.5;

/** The rhythm in which a device sends requests. */
export interface Rhythm {
  readonly gaps?: LearnedGaps;
  /** The latest request; absent if the time since then means nothing, because the adapter could not hear devices. */
  readonly latest?: Instant;
  /** Absent if nothing is known about it. */
  readonly closing?: ClosingHabit;
  /** When it closed its connection, with which its lease ended; absent once it came back. */
  readonly closedAt?: Instant;
  /** When its goodbye was read: a request that was read before that does not bring it back, however late its turn comes. */
  readonly leftAt?: Instant;
}

/** The rhythm once a request arrived. A gap that ended a lease counts like any other. */
export function heard(before: Rhythm, at: Instant): Rhythm {
  const { gaps, latest } = before;
  const gapMs = latest === undefined ? 0 : at - latest;
  if (gapMs < burstMs) return { ...before, latest: at };
  return { ...before, gaps: gaps ? learn(gaps, gapMs) : firstGap(gapMs), latest: at };
}

/** The rhythm of a device that said that it leaves. */
export function afterLeaving(rhythm: Rhythm, { readAt }: Arrival): Rhythm {
  return { ...rhythm, leftAt: readAt };
}

/**
 * Whether a request came before the device said that it leaves. Of what waited to be read it is not known: what is read later came
 * later, so that a device that is back is told.
 */
export function cameBeforeLeaving({ leftAt }: Rhythm, { readAt }: Arrival): boolean {
  return leftAt !== undefined && readAt < leftAt;
}

/** The rhythm after a time in which the adapter could not hear devices: the gap until the next request means nothing. */
export function deaf({ gaps, closing }: Rhythm): Rhythm {
  return { ...(gaps && { gaps }), ...(closing && { closing }) };
}

/**
 * The longest silence that the rhythm makes likely; `undefined` until enough of it is known. For a device that closes to sleep one gap
 * is enough, since it has shown that it comes back: the first gaps deviate so much that the silence is about three of them.
 */
export function likelySilenceMs(rhythm: Rhythm): number | undefined {
  const { gaps } = rhythm;
  if (!gaps || (gaps.count < enoughGaps && !closesToSleep(rhythm))) return undefined;
  const margin = wasKeptInVain(rhythm) ? longMargin : usualMargin;
  return Math.max(gaps.meanMs + 4 * gaps.deviationMs, margin * Math.max(...gaps.recentMs));
}

function firstGap(gapMs: number): LearnedGaps {
  return { count: 1, meanMs: gapMs, deviationMs: gapMs / 2, recentMs: [gapMs] };
}

function learn({ count, meanMs, deviationMs, recentMs }: LearnedGaps, gapMs: number): LearnedGaps {
  const errorMs = gapMs - meanMs;
  return {
    // A larger count has no further effect.
    count: Math.min(count + 1, enoughGaps),
    meanMs: meanMs + meanWeight * errorMs,
    deviationMs: Math.sqrt((1 - varianceWeight) * deviationMs ** 2 + varianceWeight * errorMs ** 2),
    recentMs: [...recentMs.slice(1 - recentGaps), gapMs],
  };
}

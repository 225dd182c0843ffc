import type { Instant } from '@rollcall/core';

/** Requests closer together than this are one burst. */
const burstMs = 5_000;
/** Gaps after which a rhythm is believed. */
const enoughGaps = 5;
/** Latest gaps of which the largest counts. */
const recentGaps = 8;
/**
 * Weights of a new gap in mean and variance. The variance is slow on purpose: with the weights of TCP's round-trip times
 * (RFC 6298 §2) a run of alike gaps would let a device with 20 % jitter flap every few thousand gaps.
 */
const meanWeight = 1 / 8;
const varianceWeight = 1 / 16;

/** What was learned of the gaps between a device's bursts of requests. JSON, and of bounded size. */
export interface LearnedGaps {
  readonly count: number;
  readonly meanMs: number;
  readonly deviationMs: number;
  /** The latest ones, oldest first. */
  readonly recentMs: readonly number[];
}

/** The rhythm in which a device sends requests. */
export interface Rhythm {
  readonly gaps?: LearnedGaps;
  /** The latest request; absent where the time since says nothing, because the adapter could not hear. */
  readonly latest?: Instant;
}

/** The rhythm once a request arrived. A gap that ended a lease is a gap as any other. */
export function heard({ gaps, latest }: Rhythm, at: Instant): Rhythm {
  const gapMs = latest === undefined ? 0 : at - latest;
  if (gapMs < burstMs) return { ...(gaps && { gaps }), latest: at };
  return { gaps: gaps ? learn(gaps, gapMs) : firstGap(gapMs), latest: at };
}

/** The rhythm after a time in which the adapter could not hear: the gap until the next request means nothing. */
export function deaf({ gaps }: Rhythm): Rhythm {
  return gaps ? { gaps } : {};
}

/** The longest silence that the rhythm makes likely; `undefined` until enough of it is known. */
export function likelySilenceMs({ gaps }: Rhythm): number | undefined {
  if (!gaps || gaps.count < enoughGaps) return undefined;
  return Math.max(gaps.meanMs + 4 * gaps.deviationMs, 1.2 * Math.max(...gaps.recentMs));
}

function firstGap(gapMs: number): LearnedGaps {
  return { count: 1, meanMs: gapMs, deviationMs: gapMs / 2, recentMs: [gapMs] };
}

function learn({ count, meanMs, deviationMs, recentMs }: LearnedGaps, gapMs: number): LearnedGaps {
  const errorMs = gapMs - meanMs;
  return {
    // Larger counts say no more.
    count: Math.min(count + 1, enoughGaps),
    meanMs: meanMs + meanWeight * errorMs,
    deviationMs: Math.sqrt((1 - varianceWeight) * deviationMs ** 2 + varianceWeight * errorMs ** 2),
    recentMs: [...recentMs.slice(1 - recentGaps), gapMs],
  };
}

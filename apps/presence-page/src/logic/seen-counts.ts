import type { CountsOverTime } from './answers.ts';

export interface SeenCount {
  readonly at: string;
  /** `null`: that is not known. */
  readonly online: number | null;
  readonly unknown: number | null;
}

/**
 * What may be drawn: where the service did not follow events, or has dropped connections, a number of devices would be a claim that no
 * one can make.
 */
export function seenCounts(counts: CountsOverTime): readonly SeenCount[] {
  const knownMs = knownFrom(counts);
  return counts.points.map((point) =>
    Date.parse(point.at) < knownMs ? { at: point.at, online: null, unknown: null } : point,
  );
}

/** From when on the counts are whole. */
export function knownFrom(counts: Pick<CountsOverTime, 'known-since' | 'as-of'>): number {
  return Math.max(Date.parse(counts['known-since']), Date.parse(counts['as-of']['covered-since']));
}

/**
 * From when on the past is drawn: all of the time that was chosen, but no more than is known, and a minute at least.
 *
 * @param knownMs from when on something is known; absent: that is not known yet.
 */
export function drawnFrom(nowMs: number, spanS: number, knownMs: number | undefined): number {
  const chosenMs = nowMs - spanS * 1_000;
  return Math.max(chosenMs, Math.min(knownMs ?? chosenMs, nowMs - 60_000));
}

/** @param atMs milliseconds since 1970 */
export function isBeforeCoverage(atMs: number, asOf: CountsOverTime['as-of']): boolean {
  return atMs < Date.parse(asOf['covered-since']);
}

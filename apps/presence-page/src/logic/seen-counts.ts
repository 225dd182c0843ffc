import type { CountsOverTime } from './answers.ts';

export interface SeenCount {
  readonly at: string;
  /** `null`: the service did not follow events then. */
  readonly online: number | null;
  readonly unknown: number | null;
}

/** What may be drawn: where the service did not follow events, zero devices would be a claim that no one can make. */
export function seenCounts({ points, 'as-of': asOf }: CountsOverTime): readonly SeenCount[] {
  return points.map((point) =>
    isBeforeCoverage(Date.parse(point.at), asOf) ? { at: point.at, online: null, unknown: null } : point,
  );
}

/** @param atMs milliseconds since 1970 */
export function isBeforeCoverage(atMs: number, asOf: CountsOverTime['as-of']): boolean {
  return atMs < Date.parse(asOf['covered-since']);
}

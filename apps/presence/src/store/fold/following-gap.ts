import type { FollowingGap } from '../presence-store.ts';

/** A restart takes less. A longer gap means that a backup was restored, or that the service did not run for long. */
const longMs = 60_000;

/** The gap as a text for a database. */
export function gapText({ fromMs, toMs }: FollowingGap): string {
  return `${fromMs} ${toMs}`;
}

export function gapIn(text: string | undefined): { readonly lastGap?: FollowingGap } {
  const [, fromMs, toMs] = /^(\d+) (\d+)$/.exec(text ?? '') ?? [];
  return fromMs === undefined ? {} : { lastGap: { fromMs: Number(fromMs), toMs: Number(toMs) } };
}

export function isLongGap({ fromMs, toMs }: FollowingGap): boolean {
  return toMs - fromMs > longMs;
}

import type { TakenUp } from '../presence-store.ts';

/** A restart takes less; nothing but a backup is older by this, or a service that was away for long. */
const longAfterMs = 60_000;

/** As databases have it, in one text. */
export function takenUpText({ leftMs, atMs }: TakenUp): string {
  return `${leftMs} ${atMs}`;
}

export function takenUpIn(text: string | undefined): { readonly takenUp?: TakenUp } {
  const [, leftMs, atMs] = /^(\d+) (\d+)$/.exec(text ?? '') ?? [];
  return leftMs === undefined ? {} : { takenUp: { leftMs: Number(leftMs), atMs: Number(atMs) } };
}

/** @returns whether a database that was followed last at `leftMs` was left alone for long. */
export function wasLeftForLong({ leftMs, atMs }: TakenUp): boolean {
  return atMs - leftMs > longAfterMs;
}

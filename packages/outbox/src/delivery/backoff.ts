import type { Random } from '@rollcall/core/environment';

export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** How long to wait before try `failures + 1`: doubling up to a limit, the upper half of it at random. */
export function backoffMs(failures: number, random: Random, limits: BackoffLimits): number {
  const ceiling = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(failures - 1, 30));
  return ceiling / 2 + random.next() * (ceiling / 2);
}

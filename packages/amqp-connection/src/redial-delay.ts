import type { Random } from '@rollcall/core/environment';

export interface RedialLimits {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly incrementMs: number;
}

/**
 * How long to wait before a try to connect again, as Hono does (`docs/hono-compatibility.md` §1).
 *
 * @param attempt 1 for the first try after the connection was lost.
 */
export function redialDelayMs(attempt: number, random: Random, limits: RedialLimits): number {
  if (attempt <= 1) return limits.minDelayMs;
  const ceiling = Math.min(limits.maxDelayMs, 2 ** Math.min(attempt - 1, 30) * limits.incrementMs);
  return limits.minDelayMs + random.next() * Math.max(0, ceiling - limits.minDelayMs);
}

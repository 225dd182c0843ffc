import { noteWindowMs } from '../scripts/fragments.ts';
import type { Death } from '../wire/death.ts';

/** How long what an incarnation noted is kept after its death, until all of it is told: as long as the death itself. */
export const keepGatheredSeconds = 7 * 24 * 3_600;

/**
 * How long an ending that may not be sent is kept, in seconds: a dead instance is declared dead within twice the limit, also if there is
 * a second signal. The rest is for endings that waited before its last sign of life.
 */
export function keepNotedSeconds(deadAfterMs: number): number {
  return Math.ceil((2 * deadAfterMs) / 1_000) + 30;
}

/**
 * The windows that can have what a dead incarnation noted, and have not expired. They are few, also if the last sign of life was long
 * before the death was declared, as after a server that was away for days.
 */
export function noteWindows(
  { aliveAtMs, declaredAtMs }: Pick<Death, 'aliveAtMs' | 'declaredAtMs'>,
  deadAfterMs: number,
): readonly [first: number, last: number] {
  const keptMs = keepNotedSeconds(deadAfterMs) * 1_000;
  const fromMs = Math.max(aliveAtMs, declaredAtMs - keptMs) - keptMs;
  return [Math.floor(fromMs / noteWindowMs) - 1, Math.floor((declaredAtMs + keptMs) / noteWindowMs)];
}

import type { LeaseState } from '@rollcall/core/directory';
import type { StoredLease } from '../wire/body.ts';

/**
 * Instants of the engine's clock become durations.
 *
 * @param engineMs the engine's clock now.
 */
export function leaseState(
  { basis, heardAtMs, untilMs, learned }: StoredLease,
  engineMs: number,
): LeaseState {
  return {
    basis,
    silentMs: Math.max(0, engineMs - heardAtMs),
    leftMs: untilMs - engineMs,
    ...(learned !== undefined && { learned }),
  };
}

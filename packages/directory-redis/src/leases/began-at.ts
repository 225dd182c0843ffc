import type { AdapterIdentity, ConnectedEvent } from '@rollcall/core/events';

/**
 * When a lease of this adapter began, by the engine's clock in whole ms: as long ago as its own wall clock says, for it may have begun in
 * an earlier run.
 *
 * @param engineMs the engine's clock now; `undefined`: it is not known yet.
 * @returns 0: that is not known. Another adapter stamped the beginning by its own clock.
 */
export function beganAtMs(
  { at, adapter }: Pick<ConnectedEvent, 'at' | 'adapter'>,
  self: Pick<AdapterIdentity, 'id'>,
  wallMs: number,
  engineMs: number | undefined,
): number {
  if (engineMs === undefined || adapter.id !== self.id) return 0;
  return Math.round(engineMs - Math.max(0, wallMs - at));
}

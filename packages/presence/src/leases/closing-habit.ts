import type { Instant } from '@rollcall/core';
import type { Rhythm } from './rhythm.ts';

/** After this many returns, closing counts as sleep. After this many leases that were kept in vain, it does not any more. */
const enough = 2;

/** Whether the device closes because it sleeps: then closing does not end its lease, and its rhythm counts. */
export function closesToSleep({ closing }: Rhythm): boolean {
  return closing !== undefined && closing.returns >= enough;
}

/** Whether a lease ran out that was kept although the device had closed: the next one must not be kept. */
export function wasKeptInVain({ closing }: Rhythm): boolean {
  return closing !== undefined && closing.ranOut > 0;
}

/** The device closed its connection, and with that ended its lease. */
export function closedAt(rhythm: Rhythm, at: Instant): Rhythm {
  return { ...rhythm, closedAt: at };
}

/** A device without a lease made a request. If it had closed its connection before, it slept no longer than `withinMs`. */
export function cameBack({ closedAt: since, ...rhythm }: Rhythm, at: Instant, withinMs: number): Rhythm {
  if (since === undefined || at - since > withinMs) return rhythm;
  const { returns, ranOut } = rhythm.closing ?? { returns: 0, ranOut: 0 };
  return { ...rhythm, closing: { returns: Math.min(returns + 1, enough), ranOut } };
}

/** A lease ran out that was kept although the device had closed. */
export function keptInVain(rhythm: Rhythm): Rhythm {
  const { closing, ...unlearned } = rhythm;
  if (!closing) return rhythm;
  const ranOut = closing.ranOut + 1;
  return ranOut >= enough ? unlearned : { ...rhythm, closing: { ...closing, ranOut } };
}

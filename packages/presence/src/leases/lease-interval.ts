import type { LeaseBasis } from '@rollcall/core/internal';
import { likelySilenceMs, type Rhythm } from './rhythm.ts';

/** How long leases are if a device declares nothing. */
export interface LeaseSettings {
  readonly defaultMs: number;
  /** Bounds of learned intervals. */
  readonly minLearnedMs: number;
  readonly maxLearnedMs: number;
  /** Added to the time that a device said it would wait for a command. */
  readonly ttdGraceMs: number;
}

/** The facts that are known when a request asks for a lease. */
export interface LeaseTerms extends LeaseSettings {
  /** The interval that the registry declares. */
  readonly declaredMs?: number;
  /** Time till disconnect: how long the device waits for a command after this request. */
  readonly ttdMs?: number;
  /** How long a probe of the device takes at most; absent: it is not probed. See `planProbe`. */
  readonly probeMs?: number;
}

/**
 * How long one request stands for the presence of its device: as declared, else as learned from its rhythm, else the
 * default; but never shorter than the device waits for a command.
 */
export function leaseInterval(terms: LeaseTerms, rhythm: Rhythm): Pick<LeaseBasis, 'intervalMs' | 'from'> {
  const usual = usualInterval(terms, rhythm);
  const atLeastMs = terms.ttdMs === undefined ? 0 : terms.ttdMs + terms.ttdGraceMs;
  return usual.intervalMs >= atLeastMs ? usual : { intervalMs: atLeastMs, from: 'ttd' };
}

function usualInterval(
  { declaredMs, defaultMs, minLearnedMs, maxLearnedMs }: LeaseTerms,
  rhythm: Rhythm,
): Pick<LeaseBasis, 'intervalMs' | 'from'> {
  if (declaredMs !== undefined) return { intervalMs: declaredMs, from: 'declared' };
  const silenceMs = likelySilenceMs(rhythm);
  if (silenceMs === undefined) return { intervalMs: defaultMs, from: 'default' };
  const intervalMs = Math.round(Math.min(maxLearnedMs, Math.max(minLearnedMs, silenceMs)));
  return { intervalMs, from: 'learned' };
}

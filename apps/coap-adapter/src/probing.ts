import {
  keptInVain,
  leaseAtDeadline,
  leaseDueAt,
  leaseOver,
  planProbe,
  type Lease,
  type LeaseOutcome,
} from '@rollcall/presence/leases';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';

/** What a present device asked for with its latest request. */
export interface Wishes {
  /** Whether its interval is declared: then closing its association between two requests means nothing. */
  readonly declared: boolean;
  /** See `LeaseTerms.probeMs`. */
  readonly probeMs?: number;
  /** There was no request since the lease was restored: what is said here is not all that is known of the device. */
  readonly restored?: true;
}

interface HeldLease {
  readonly lease: Lease;
  readonly wishes: Wishes;
  /** It has closed its last association and probably sleeps; it was not heard since. */
  readonly asleep?: true;
}

/** A lease whose device is probed before the end. */
export type Probing =
  /** `unanswered`, `unreachable`: the probe got no answer, and the lease goes on to its end. */
  | (HeldLease & { readonly phase: 'present' | 'unanswered' | 'unreachable' })
  /** The lease is about to run out, and the device is being probed. */
  | (HeldLease & {
      readonly phase: 'probing';
      readonly probeEndsAt: Instant;
      /** How it ended, once that is known and the time of the lease is over. Absent: it goes on. */
      readonly outcome?: 'unanswered' | 'unreachable';
    });

/** When a probe begins, or ends, or the lease runs out. */
export function probingDueAt(state: Probing): Instant | undefined {
  const { phase, lease, wishes } = state;
  const due = leaseDueAt(lease);
  if (due === undefined) return undefined;
  if (phase === 'probing') return state.probeEndsAt;
  if (phase !== 'present' || wishes.probeMs === undefined) return due;
  return later(due, -leadMs(state));
}

/** How long before the end of the lease its device is probed. */
function leadMs({ lease, wishes }: HeldLease): number {
  return wishes.probeMs === undefined ? 0 : planProbe(lease.basis.intervalMs, wishes.probeMs).leadMs;
}

export function whenDue(state: Probing, at: Instant): LeaseOutcome<Probing> {
  const deadline = probingDueAt(state);
  if (deadline === undefined || at < deadline) return { held: state };
  const { phase, wishes, asleep } = state;
  const held = phase === 'probing' ? { ...state.lease, until: deadline } : state.lease;
  const lease = leaseAtDeadline(held, at, leadMs(state));
  // The process stood still, so the lease is longer, and its device is probed again.
  if (lease !== 'ran-out' && lease !== held)
    return { held: { phase: 'present', lease, wishes, ...(asleep && { asleep }) } };
  if (phase === 'probing') return probeOver(state, at);
  if (phase !== 'present' || wishes.probeMs === undefined) return runOut(state);
  const { durationMs } = planProbe(state.lease.basis.intervalMs, wishes.probeMs);
  return { held: { ...state, phase: 'probing', probeEndsAt: later(at, durationMs) } };
}

/**
 * A probe can lengthen presence, and never shortens it. Where the time of the lease is over, it ends with a deadline of its own: after a
 * freeze the probe is given up before what the device sent meanwhile is read.
 */
export function endProbe(
  state: Extract<Probing, { phase: 'probing' }>,
  outcome: 'unanswered' | 'unreachable',
  at: Instant,
): Probing {
  const due = leaseDueAt(state.lease);
  return due !== undefined && at >= due
    ? { ...state, probeEndsAt: at, outcome }
    : withoutProbe(state, outcome);
}

/** The time of a probe is over: so is the lease, unless that lasts longer. */
function probeOver(state: Extract<Probing, { phase: 'probing' }>, at: Instant): LeaseOutcome<Probing> {
  const ended = withoutProbe(state, state.outcome ?? 'unanswered');
  const due = leaseDueAt(ended.lease);
  return due !== undefined && at >= due ? runOut(ended) : { held: ended };
}

function withoutProbe(
  { lease, wishes, asleep }: HeldLease,
  phase: 'unanswered' | 'unreachable',
): Exclude<Probing, { phase: 'probing' }> {
  return { phase, lease, wishes, ...(asleep && { asleep }) };
}

function runOut({ phase, lease, asleep }: Probing): LeaseOutcome<never> {
  const ended = asleep ? { ...lease, rhythm: keptInVain(lease.rhythm) } : lease;
  return leaseOver(ended, phase === 'unanswered' ? 'probe-failed' : 'inactive');
}

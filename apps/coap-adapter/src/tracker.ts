import {
  afterSignal,
  arrivalOf,
  closedAt,
  closesToSleep,
  leaseLeft,
  leaseTracker,
  planProbe,
  renewOnSign,
  type AbsentHolder,
  type Arrival,
  type Lease,
  type LeaseHolding,
  type LeaseOutcome,
  type LeaseSignal,
  type LeaseTerms,
} from '@rollcall/presence/leases';
import type { Instant } from '@rollcall/core';
import type { CommonSignal } from '@rollcall/core/tracker';
import { endProbe, probingDueAt, whenDue, type Probing, type Wishes } from './probing.ts';

export type CoapSignal =
  | LeaseSignal
  | Heard
  /** The device closed an association (close_notify); `last`: it was not heard on any other since it made this one. */
  | ({ readonly type: 'association-closed'; readonly last: boolean } & Partial<Arrival>)
  /** The probe that `probing` asked for had no answer, or the device cannot be reached for one. */
  | { readonly type: 'probe-ended'; readonly outcome: 'unanswered' | 'unreachable' };

/** `probeMs`: see `LeaseTerms`. It counts for a lease that was restored, until its device sends a request. */
type Heard = Extract<LeaseSignal, { readonly type: 'heard' }> & { readonly probeMs?: number };

export type CoapState = AbsentHolder | Probing;

/** A lease that a probe may save before it runs out, and that a device may keep while it sleeps without an association. */
export const coapLease: LeaseHolding<Probing, CoapSignal> = {
  begin: (lease, terms) => ({ phase: 'present', lease, wishes: wishesOf(terms) }),
  restore(lease) {
    const wishes: Wishes = { declared: lease.basis.from === 'declared', restored: true };
    // Its associations did not survive. Such a device usually sleeps; if not, it is heard before the lease runs out.
    return { phase: 'present', lease, wishes, ...(closesToSleep(lease.rhythm) && { asleep: true }) };
  },
  dueAt: probingDueAt,
  reduce(state, signal, at) {
    switch (signal.type) {
      case 'association-closed':
        return whenClosed(state, signal, at);
      case 'probe-ended':
        return { held: state.phase === 'probing' ? endProbe(state, signal.outcome, at) : state };
      case 'deadline':
        return whenDue(state, at);
      default:
        return onLeaseSignal(state, signal, at);
    }
  },
};

/** CoAP has no connections: a request grants its device a lease. */
export const coapTracker = leaseTracker(coapLease);

function onLeaseSignal(
  state: Probing,
  signal: LeaseSignal | Heard | Exclude<CommonSignal, { type: 'deadline' }>,
  at: Instant,
): LeaseOutcome<Probing> {
  const outcome = afterSignal(state.lease, signal, at);
  if (!('held' in outcome)) return outcome;
  const lease = outcome.held;
  switch (signal.type) {
    case 'request':
      return { held: { phase: 'present', lease, wishes: wishesOf(signal.terms) } };
    case 'heard':
      return { held: { phase: 'present', lease, wishes: wishesWhenHeard(state, signal) } };
    case 'heard-elsewhere':
      return { held: { phase: 'present', lease, wishes: state.wishes } };
    default:
      // The adapter's own actions prove nothing about the device: a probe goes on.
      return { held: { ...state, lease } };
  }
}

/** Closing the last association is a goodbye, unless the device is known to come back. */
function whenClosed(
  { lease, wishes }: Probing,
  closing: Extract<CoapSignal, { readonly type: 'association-closed' }>,
  at: Instant,
): LeaseOutcome<Probing> {
  const kept: Probing = { phase: 'present', lease: renewOnSign(lease, at, closing), wishes };
  if (!closing.last || wishes.declared) return { held: kept };
  if (closesToSleep(lease.rhythm)) return { held: { ...kept, asleep: true } };
  const closed: Lease = { ...lease, rhythm: closedAt(lease.rhythm, at) };
  return leaseLeft(closed, arrivalOf(closing, at));
}

function wishesOf({ declaredMs, probeMs }: LeaseTerms): Wishes {
  return { declared: declaredMs !== undefined, ...(probeMs !== undefined && { probeMs }) };
}

/** A lease that goes on says nothing of probes. The device may be back without a request: then its handshake says it. */
function wishesWhenHeard({ wishes, lease: { basis } }: Probing, { probeMs }: Heard): Wishes {
  if (!wishes.restored || probeMs === undefined) return wishes;
  // A probe that ends later than the basis allows waits for the next request, which brings a basis of its own.
  const { leadMs, durationMs } = planProbe(basis.intervalMs, probeMs);
  const silentMs = basis.intervalMs - leadMs + durationMs;
  return silentMs <= (basis.detectWithinMs ?? basis.intervalMs) ? { ...wishes, probeMs } : wishes;
}

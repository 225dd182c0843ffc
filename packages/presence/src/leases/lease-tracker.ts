import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type {
  Change,
  CommonSignal,
  ConnectionTracker,
  DisconnectedChange,
  EndedSignal,
  Step,
} from '@rollcall/core/tracker';
import type { LeaseState, LifeSign } from '@rollcall/core/directory';
import { arrivalOf, type Arrival } from './arrival.ts';
import type { LeaseSettings, LeaseTerms } from './lease-interval.ts';
import {
  arrivalElsewhere,
  goOnWith,
  grantLease,
  lastReadAt,
  leaseAtDeadline,
  leaseDueAt,
  leaseEnded,
  leaseGivenUp,
  leaseOf,
  pauseLease,
  renewElsewhere,
  renewOnAnswer,
  renewOnRequest,
  renewOnSign,
  resumeLease,
  withdrawRequest,
  type Lease,
  type RequestPart,
} from './lease.ts';
import { afterLeaving, cameBeforeLeaving, deaf, type Rhythm } from './rhythm.ts';

/**
 * Signals of every protocol without connections. What brings bytes of the device says when they arrived. Without `readAt`, they did not
 * wait until they were read; without `heardAt`, they arrived now.
 */
export type LeaseSignal =
  /**
   * The head of a request is authenticated and authorised. It arrived before that. `part`: the request arrives in two; absent: it
   * is whole. Only a request that is whole waits for its answer, and is reported as `answered` or `withdrawn`.
   */
  | ({ readonly type: 'request'; readonly terms: LeaseTerms; readonly part?: RequestPart } & Partial<Arrival>)
  /** Something else of the device arrived: more of a request, an acknowledgement, a ping. */
  | ({ readonly type: 'heard' } & Partial<Arrival>)
  /** A request was answered, or given up by either side. */
  | { readonly type: 'answered' }
  /** The secret that let the device in is not valid any more. */
  | { readonly type: 'withdrawn' }
  /** The device said that it leaves. */
  | ({ readonly type: 'goodbye' } & Partial<Arrival>)
  /** The adapter cannot serve devices. The lease book reports this, and `resumed`. */
  | { readonly type: 'paused' }
  /** It can again. */
  | { readonly type: 'resumed' }
  /** Another adapter of the fleet heard the device. The lease book reports this, and `goes-on`. */
  | { readonly type: 'heard-elsewhere'; readonly sign: LifeSign; readonly settings?: LeaseSettings }
  /** The lease continues with the state from another adapter, even if it had ended here. There is no change to publish. */
  | { readonly type: 'goes-on'; readonly state: LeaseState; readonly rhythm: Rhythm };

/** A device without a lease, with its known rhythm. */
export interface AbsentHolder {
  readonly phase: 'absent';
  readonly rhythm: Rhythm;
}

/** A device that holds a lease, and what its protocol adds. */
export interface PresentHolder {
  readonly phase: string;
  readonly lease: Lease;
}

/** The result of a signal for a lease that is held. */
export type LeaseOutcome<State> =
  | { readonly held: State }
  | { readonly ended: DisconnectedChange; readonly rhythm: Rhythm };

/** How a protocol holds leases: {@link plainLease}, or an extension of it. */
export interface LeaseHolding<State extends PresentHolder, Signal extends { readonly type: string } = never> {
  /** A request granted a lease to a device that had none. */
  begin(lease: Lease, terms: LeaseTerms): State;
  /** The lease lives on from an earlier run of the adapter. */
  restore(lease: Lease): State;
  reduce(state: State, signal: LeaseSignal | Signal | CommonSignal, at: Instant): LeaseOutcome<State>;
  /** When the tracker must be woken without a signal; `undefined`: it waits for the next signal. */
  dueAt(state: State): Instant | undefined;
}

/** The tracker of a protocol without connections: a request grants its device a lease, which ends or runs out. */
export function leaseTracker<State extends PresentHolder, Signal extends { readonly type: string } = never>(
  holding: LeaseHolding<State, Signal>,
): ConnectionTracker<AbsentHolder | State, LeaseSignal | Signal> {
  function goOn(state: State, at: Instant, changes: readonly Change[] = []): Step<State> {
    const due = holding.dueAt(state);
    if (due === undefined) return { state, changes };
    // The deadline may have passed while the clock of the lease stood still.
    return { state, changes, deadline: due > at ? due : later(at, 1) };
  }

  return {
    initial: { phase: 'absent', rhythm: {} },
    presence: (state) =>
      isAbsent(state)
        ? undefined
        : { lastSeen: state.lease.lastSeen, lease: { basis: state.lease.basis, until: state.lease.until } },
    reduce(state, signal, at) {
      if (!isAbsent(state)) {
        const outcome = holding.reduce(state, signal, at);
        if ('held' in outcome) return goOn(outcome.held, at);
        return { state: { phase: 'absent', rhythm: outcome.rhythm }, changes: [outcome.ended] };
      }
      if (isRequest(signal) && !cameBeforeLeaving(state.rhythm, arrivalOf(signal, at))) {
        const lease = grantLease(signal, state.rhythm, at);
        return goOn(holding.begin(lease, signal.terms), at, [{ type: 'connected', basis: lease.basis }]);
      }
      if (isGoingOn(signal)) {
        const rhythm = { ...state.rhythm, ...signal.rhythm };
        return goOn(holding.restore(leaseOf(signal.state, rhythm, at)), at);
      }
      if (signal.type === 'resumed')
        return { state: { phase: 'absent', rhythm: deaf(state.rhythm) }, changes: [] };
      return { state, changes: [] };
    },
  };
}

/** A lease that is kept by requests and other signs of life, and by nothing else. */
export const plainLease: LeaseHolding<{ readonly phase: 'present'; readonly lease: Lease }> = {
  begin: (lease) => ({ phase: 'present', lease }),
  restore: (lease) => ({ phase: 'present', lease }),
  dueAt: ({ lease }) => leaseDueAt(lease),
  reduce({ lease }, signal, at) {
    if (signal.type !== 'deadline') {
      const outcome = afterSignal(lease, signal, at);
      return 'held' in outcome ? { held: { phase: 'present', lease: outcome.held } } : outcome;
    }
    const left = leaseAtDeadline(lease, at);
    return left === 'ran-out' ? leaseOver(lease, 'inactive') : { held: { phase: 'present', lease: left } };
  },
};

/** The result of a signal other than a deadline for a lease. */
export function afterSignal(
  lease: Lease,
  signal: LeaseSignal | EndedSignal,
  at: Instant,
): LeaseOutcome<Lease> {
  switch (signal.type) {
    case 'request':
      return { held: renewOnRequest(lease, signal, at) };
    case 'heard':
      return { held: renewOnSign(lease, at, signal) };
    case 'answered':
      return { held: renewOnAnswer(lease, at) };
    case 'withdrawn':
      return { held: withdrawRequest(lease, at) };
    case 'paused':
      return { held: pauseLease(lease, at) };
    case 'resumed':
      return { held: resumeLease(lease, at) };
    case 'goodbye':
      return leaseLeft(lease, arrivalOf(signal, at));
    case 'heard-elsewhere':
      return afterSignElsewhere(lease, signal.sign, signal.settings, at);
    case 'goes-on':
      return { held: goOnWith(lease, signal.state, signal.rhythm, at) };
    case 'ended':
      return leaseOver(lease, signal.reason);
    default:
      return signal satisfies never;
  }
}

function afterSignElsewhere(
  lease: Lease,
  sign: LifeSign,
  settings: LeaseSettings | undefined,
  at: Instant,
): LeaseOutcome<Lease> {
  if (sign.kind !== 'goodbye') return { held: renewElsewhere(lease, sign, settings, at) };
  const arrival = arrivalElsewhere(sign, at);
  // The device came back since, and to this adapter.
  if (arrival.readAt < lastReadAt(lease)) return { held: lease };
  return leaseLeft(lease, arrival);
}

/** A lease of a device that said that it leaves. */
export function leaseLeft(
  lease: Lease,
  arrival: Arrival,
): Extract<LeaseOutcome<never>, { readonly ended: unknown }> {
  return { ended: leaseGivenUp(lease, arrival), rhythm: afterLeaving(lease.rhythm, arrival) };
}

/** A lease that ends although the device said nothing. */
export function leaseOver(
  lease: Lease,
  reason: DisconnectedChange['reason'],
): Extract<LeaseOutcome<never>, { readonly ended: unknown }> {
  return { ended: leaseEnded(lease, reason), rhythm: lease.rhythm };
}

function isAbsent(state: AbsentHolder | PresentHolder): state is AbsentHolder {
  return state.phase === 'absent';
}

function isRequest(signal: {
  readonly type: string;
}): signal is Extract<LeaseSignal, { readonly type: 'request' }> {
  return signal.type === 'request';
}

function isGoingOn(signal: {
  readonly type: string;
}): signal is Extract<LeaseSignal, { readonly type: 'goes-on' }> {
  return signal.type === 'goes-on';
}

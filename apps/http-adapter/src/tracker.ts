import {
  deaf,
  grantLease,
  leaseAtDeadline,
  leaseDueAt,
  leaseEnded,
  leaseGivenUp,
  pauseLease,
  renewOnAnswer,
  renewOnRequest,
  renewOnSign,
  resumeLease,
  withdrawRequest,
  type Lease,
  type LeaseTerms,
  type RestoredLease,
  type Rhythm,
} from '@rollcall/adapter-kit';
import type { ConnectionTracker, CommonSignal, DisconnectReason, Instant, Step } from '@rollcall/core';

/** `heardAt`: when the bytes arrived that a signal is about; absent: now. */
export type HttpSignal =
  /** The head of a request is authenticated and authorised. It arrived before that. */
  | { readonly type: 'request'; readonly terms: LeaseTerms; readonly heardAt?: Instant }
  /** More of it, or its last byte. */
  | { readonly type: 'received'; readonly heardAt?: Instant }
  /** It was answered, or given up by either side. */
  | { readonly type: 'answered' }
  /** What let its device in counts no more. */
  | { readonly type: 'withdrawn' }
  /** The device said that it leaves. */
  | { readonly type: 'goodbye'; readonly heardAt?: Instant }
  /** The adapter cannot serve devices. */
  | { readonly type: 'paused' }
  /** It can again. */
  | { readonly type: 'resumed' };

export type HttpState =
  | { readonly phase: 'absent'; readonly rhythm: Rhythm }
  | { readonly phase: 'present'; readonly lease: Lease };

/** HTTP has no connections: a request grants its device a lease, and a lease that is not renewed runs out. */
export const httpTracker: ConnectionTracker<HttpState, HttpSignal> = {
  initial: { phase: 'absent', rhythm: {} },
  reduce(state, signal, at) {
    return state.phase === 'absent' ? whileAbsent(state, signal, at) : whilePresent(state.lease, signal, at);
  },
  presence: (state) =>
    state.phase === 'present'
      ? { lastSeen: state.lease.lastSeen, lease: { basis: state.lease.basis, until: state.lease.until } }
      : undefined,
};

/** The tracker of a device that is absent, with what is known of its rhythm. */
export function absentHolder(rhythm: Rhythm): ConnectionTracker<HttpState, HttpSignal> {
  return { ...httpTracker, initial: { phase: 'absent', rhythm } };
}

/** The tracker of a device whose lease lives on from an earlier incarnation of the adapter. */
export function presentHolder(
  { basis, lastSeen, until }: RestoredLease,
  rhythm: Rhythm,
): ConnectionTracker<HttpState, HttpSignal> {
  const lease: Lease = { rhythm, basis, lastSeen, until, openRequests: 0 };
  return { ...httpTracker, initial: { phase: 'present', lease } };
}

function whileAbsent(
  state: Extract<HttpState, { phase: 'absent' }>,
  signal: HttpSignal | CommonSignal,
  at: Instant,
): Step<HttpState> {
  switch (signal.type) {
    case 'request': {
      const lease = grantLease(signal.terms, state.rhythm, at);
      return goOn(lease, [{ type: 'connected', basis: lease.basis }]);
    }
    case 'resumed':
      return { state: { ...state, rhythm: deaf(state.rhythm) }, changes: [] };
    case 'received':
    case 'answered':
    case 'withdrawn':
    case 'goodbye':
    case 'paused':
    case 'ended':
    case 'deadline':
      return { state, changes: [] };
    default:
      return signal satisfies never;
  }
}

function whilePresent(lease: Lease, signal: HttpSignal | CommonSignal, at: Instant): Step<HttpState> {
  switch (signal.type) {
    case 'request':
      return goOn(renewOnRequest(lease, signal.terms, at, signal.heardAt));
    case 'received':
      return goOn(renewOnSign(lease, at, signal.heardAt));
    case 'answered':
      return goOn(renewOnAnswer(lease, at));
    case 'withdrawn':
      return goOn(withdrawRequest(lease, at));
    case 'goodbye':
      return {
        state: { phase: 'absent', rhythm: lease.rhythm },
        changes: [leaseGivenUp(lease, signal.heardAt ?? at)],
      };
    case 'paused':
      return goOn(pauseLease(lease, at));
    case 'resumed':
      return goOn(resumeLease(lease, at));
    case 'ended':
      return end(lease, signal.reason);
    case 'deadline': {
      const left = leaseAtDeadline(lease, at);
      return left === 'ran-out' ? end(lease, 'inactive') : goOn(left);
    }
    default:
      return signal satisfies never;
  }
}

function goOn(lease: Lease, changes: Step<HttpState>['changes'] = []): Step<HttpState> {
  const deadline = leaseDueAt(lease);
  return { state: { phase: 'present', lease }, changes, ...(deadline !== undefined && { deadline }) };
}

function end(lease: Lease, reason: DisconnectReason): Step<HttpState> {
  return { state: { phase: 'absent', rhythm: lease.rhythm }, changes: [leaseEnded(lease, reason)] };
}

import {
  closedAt,
  closesToSleep,
  deaf,
  grantLease,
  keptInVain,
  leaseAtDeadline,
  leaseDueAt,
  leaseEnded,
  planProbe,
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
import {
  later,
  type Change,
  type ConnectionTracker,
  type CommonSignal,
  type DisconnectReason,
  type Instant,
  type Step,
} from '@rollcall/core';

export type CoapSignal =
  /** A request arrived, authenticated and authorised. */
  | { readonly type: 'request'; readonly terms: LeaseTerms }
  /** It was answered, or given up. */
  | { readonly type: 'answered' }
  /** What let its device in counts no more. */
  | { readonly type: 'withdrawn' }
  /** Something else of the device arrived: a block, an acknowledgement, a ping, the answer to a probe. */
  | { readonly type: 'heard' }
  /** The device said that it leaves. */
  | { readonly type: 'goodbye' }
  /** The device closed an association (close_notify); `last`: it has no other that it was heard on since it made this one. */
  | { readonly type: 'association-closed'; readonly last: boolean }
  /** The probe that `probing` asked for had no answer, or the device cannot be reached for one. */
  | { readonly type: 'probe-ended'; readonly outcome: 'unanswered' | 'unreachable' }
  /** The adapter cannot serve devices. */
  | { readonly type: 'paused' }
  /** It can again. */
  | { readonly type: 'resumed' };

/** What a present device asked for with its latest request. */
interface Wishes {
  /** It said how often it is to be heard: closing its association between two requests says nothing. */
  readonly declared: boolean;
  /** See {@link LeaseTerms.probeMs}. */
  readonly probeMs?: number;
}

export type CoapState =
  | { readonly phase: 'absent'; readonly rhythm: Rhythm }
  /** `unanswered`, `unreachable`: it was probed in vain, and the lease goes on to its end. */
  | (HeldLease & { readonly phase: 'present' | 'unanswered' | 'unreachable' })
  /** The lease is about to run out, and the device is asked whether it is there. */
  | (HeldLease & { readonly phase: 'probing'; readonly probeEndsAt: Instant });

interface HeldLease {
  readonly lease: Lease;
  readonly wishes: Wishes;
  /** It has closed its last association, and is thought to sleep; nothing was heard since. */
  readonly asleep?: true;
}

type Holding = Exclude<CoapState, { phase: 'absent' }>;

/** CoAP has no connections: a request grants its device a lease. One that runs out may be saved by a probe. */
export const coapTracker: ConnectionTracker<CoapState, CoapSignal> = {
  initial: { phase: 'absent', rhythm: {} },
  reduce(state, signal, at) {
    return state.phase === 'absent' ? whileAbsent(state, signal, at) : whileHolding(state, signal, at);
  },
  presence: (state) =>
    state.phase === 'absent'
      ? undefined
      : { lastSeen: state.lease.lastSeen, lease: { basis: state.lease.basis, until: state.lease.until } },
};

/** The tracker of a device that is absent, with what is known of its rhythm. */
export function absentHolder(rhythm: Rhythm): ConnectionTracker<CoapState, CoapSignal> {
  return { ...coapTracker, initial: { phase: 'absent', rhythm } };
}

/**
 * The tracker of a device whose lease lives on from an earlier incarnation of the adapter. Its associations do not: until it has
 * made a new one, it cannot be probed.
 */
export function presentHolder(
  { basis, lastSeen, until }: RestoredLease,
  rhythm: Rhythm,
): ConnectionTracker<CoapState, CoapSignal> {
  const lease: Lease = { rhythm, basis, lastSeen, until, openRequests: 0 };
  const wishes: Wishes = { declared: basis.from === 'declared' };
  // Most of the time it sleeps; if it does not, something is heard of it before the lease runs out.
  const asleep = closesToSleep(rhythm) && { asleep: true as const };
  return { ...coapTracker, initial: { phase: 'present', lease, wishes, ...asleep } };
}

function whileAbsent(
  state: Extract<CoapState, { phase: 'absent' }>,
  signal: CoapSignal | CommonSignal,
  at: Instant,
): Step<CoapState> {
  switch (signal.type) {
    case 'request': {
      const lease = grantLease(signal.terms, state.rhythm, at);
      const connected: Change = { type: 'connected', basis: lease.basis };
      return goOn({ phase: 'present', lease, wishes: wishesOf(signal.terms) }, at, [connected]);
    }
    case 'resumed':
      return { state: { ...state, rhythm: deaf(state.rhythm) }, changes: [] };
    case 'answered':
    case 'withdrawn':
    case 'heard':
    case 'goodbye':
    case 'association-closed':
    case 'probe-ended':
    case 'paused':
    case 'ended':
    case 'deadline':
      return { state, changes: [] };
    default:
      return signal satisfies never;
  }
}

function whileHolding(state: Holding, signal: CoapSignal | CommonSignal, at: Instant): Step<CoapState> {
  const { phase, lease, wishes } = state;
  switch (signal.type) {
    case 'request': {
      const renewed = renewOnRequest(lease, signal.terms, at);
      return goOn({ phase: 'present', lease: renewed, wishes: wishesOf(signal.terms) }, at);
    }
    case 'heard':
      return goOn({ phase: 'present', lease: renewOnSign(lease, at), wishes }, at);
    // The adapter's own doing: whoever is being probed is so still.
    case 'answered':
      return goOn({ ...state, lease: renewOnAnswer(lease, at) }, at);
    case 'withdrawn':
      return goOn({ ...state, lease: withdrawRequest(lease, at) }, at);
    case 'goodbye':
      return end({ ...lease, lastSeen: at }, 'client-closed');
    case 'association-closed':
      return whenClosed(state, signal.last, at);
    case 'probe-ended':
      return phase === 'probing' ? endProbe(state, signal.outcome, at) : goOn(state, at);
    case 'paused':
      return goOn({ ...state, lease: pauseLease(lease, at) }, at);
    case 'resumed':
      return goOn({ ...state, lease: resumeLease(lease, at) }, at);
    case 'ended':
      return end(lease, signal.reason);
    case 'deadline':
      return whenDue(state, at);
    default:
      return signal satisfies never;
  }
}

/** Closing the last association is a goodbye, unless the device is known to come back. */
function whenClosed({ lease, wishes }: Holding, last: boolean, at: Instant): Step<CoapState> {
  const kept: Holding = { phase: 'present', lease: renewOnSign(lease, at), wishes };
  if (!last || wishes.declared) return goOn(kept, at);
  if (closesToSleep(lease.rhythm)) return goOn({ ...kept, asleep: true }, at);
  return end({ ...lease, lastSeen: at, rhythm: closedAt(lease.rhythm, at) }, 'client-closed');
}

/** A probe can lengthen presence, and never shortens it. */
function endProbe(
  { lease, wishes, asleep }: HeldLease,
  outcome: 'unanswered' | 'unreachable',
  at: Instant,
): Step<CoapState> {
  const due = leaseDueAt(lease);
  const ended: Holding = { phase: outcome, lease, wishes, ...(asleep && { asleep }) };
  return due !== undefined && at >= due ? runOut(ended) : goOn(ended, at);
}

function whenDue(state: Holding, at: Instant): Step<CoapState> {
  const deadline = deadlineOf(state);
  if (deadline === undefined || at < deadline) return goOn(state, at);
  const { phase, wishes, asleep } = state;
  const held = phase === 'probing' ? { ...state.lease, until: deadline } : state.lease;
  const lease = leaseAtDeadline(held, at);
  // The process stood still.
  if (lease !== 'ran-out' && lease !== held)
    return goOn({ phase: 'present', lease, wishes, ...(asleep && { asleep }) }, at);
  if (phase === 'probing') return endProbe(state, 'unanswered', at);
  if (phase !== 'present' || wishes.probeMs === undefined) return runOut(state);
  const { durationMs } = planProbe(state.lease.basis.intervalMs, wishes.probeMs);
  return goOn({ ...state, phase: 'probing', probeEndsAt: later(at, durationMs) }, at);
}

function runOut({ phase, lease, asleep }: Holding): Step<CoapState> {
  const ended = asleep ? { ...lease, rhythm: keptInVain(lease.rhythm) } : lease;
  return end(ended, phase === 'unanswered' ? 'probe-failed' : 'inactive');
}

/** When there is something to do. */
function deadlineOf(state: Holding): Instant | undefined {
  const { phase, lease, wishes } = state;
  const due = leaseDueAt(lease);
  if (due === undefined) return undefined;
  if (phase === 'probing') return state.probeEndsAt;
  if (phase !== 'present' || wishes.probeMs === undefined) return due;
  return later(due, -planProbe(lease.basis.intervalMs, wishes.probeMs).leadMs);
}

function goOn(state: Holding, at: Instant, changes: Step<CoapState>['changes'] = []): Step<CoapState> {
  const deadline = deadlineOf(state);
  if (deadline === undefined) return { state, changes };
  // The time to begin a probe may have passed while the clock of the lease stood still.
  return { state, changes, deadline: deadline > at ? deadline : later(at, 1) };
}

function end(lease: Lease, reason: DisconnectReason): Step<CoapState> {
  return { state: { phase: 'absent', rhythm: lease.rhythm }, changes: [leaseEnded(lease, reason)] };
}

function wishesOf({ declaredMs, probeMs }: LeaseTerms): Wishes {
  return { declared: declaredMs !== undefined, ...(probeMs !== undefined && { probeMs }) };
}

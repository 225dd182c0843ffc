import {
  deaf,
  heard,
  leaseInterval,
  type EndReason,
  type LeaseTerms,
  type RestoredLease,
  type Rhythm,
} from '@rollcall/adapter-kit';
import {
  later,
  type ConnectionTracker,
  type DeadlineSignal,
  type DisconnectReason,
  type Instant,
  type LeaseBasis,
  type Step,
} from '@rollcall/core';

export type HttpSignal =
  /** The head of a request arrived, authenticated and authorised. */
  | { readonly type: 'request'; readonly terms: LeaseTerms }
  /** Its last byte arrived. */
  | { readonly type: 'received' }
  /** It was answered, or given up by either side. */
  | { readonly type: 'answered' }
  /** The device said that it leaves. */
  | { readonly type: 'goodbye' }
  /** The adapter cannot serve devices. */
  | { readonly type: 'paused' }
  /** It can again. */
  | { readonly type: 'resumed' }
  /** The adapter ends the lease. */
  | { readonly type: 'ended'; readonly reason: EndReason };

export type HttpState =
  | { readonly phase: 'absent'; readonly rhythm: Rhythm }
  | {
      readonly phase: 'present';
      readonly rhythm: Rhythm;
      readonly basis: LeaseBasis;
      readonly lastSeen: Instant;
      readonly until: Instant;
      /** Requests that wait for their answer: none runs out while one does. */
      readonly openRequests: number;
      /** Since when the clock of the lease stands still, if it does. */
      readonly pausedAt?: Instant;
    };

type Present = Extract<HttpState, { phase: 'present' }>;

/** How late a deadline may come. If it comes later, the process stood still, and could not hear who called meanwhile. */
const onTimeMs = 1_000;

/** HTTP has no connections: a request grants its device a lease, and a lease that is not renewed runs out. */
export const httpTracker: ConnectionTracker<HttpState, HttpSignal> = {
  initial: { phase: 'absent', rhythm: {} },
  reduce(state, signal, at) {
    return state.phase === 'absent' ? whileAbsent(state, signal, at) : whilePresent(state, signal, at);
  },
  presence: (state) =>
    state.phase === 'present'
      ? { lastSeen: state.lastSeen, lease: { basis: state.basis, until: state.until } }
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
  return { ...httpTracker, initial: { phase: 'present', rhythm, basis, lastSeen, until, openRequests: 0 } };
}

function whileAbsent(state: HttpState, signal: HttpSignal | DeadlineSignal, at: Instant): Step<HttpState> {
  switch (signal.type) {
    case 'request': {
      const rhythm = heard(state.rhythm, at);
      const interval = leaseInterval(signal.terms, rhythm);
      const basis: LeaseBasis = { kind: 'lease', ...interval };
      const until = later(at, interval.intervalMs);
      const present: Present = { phase: 'present', rhythm, basis, lastSeen: at, until, openRequests: 1 };
      return goOn(present, [{ type: 'connected', basis }]);
    }
    case 'resumed':
      return { state: { ...state, rhythm: deaf(state.rhythm) }, changes: [] };
    case 'received':
    case 'answered':
    case 'goodbye':
    case 'paused':
    case 'ended':
    case 'deadline':
      return { state, changes: [] };
    default:
      return signal satisfies never;
  }
}

function whilePresent(state: Present, signal: HttpSignal | DeadlineSignal, at: Instant): Step<HttpState> {
  switch (signal.type) {
    case 'request': {
      const rhythm = heard(state.rhythm, at);
      const basis: LeaseBasis = { kind: 'lease', ...leaseInterval(signal.terms, rhythm) };
      const openRequests = state.openRequests + 1;
      return goOn(renewed({ ...state, rhythm, basis, lastSeen: at, openRequests }, at));
    }
    case 'received':
      return goOn(renewed({ ...state, lastSeen: at }, at));
    case 'answered':
      return goOn(renewed({ ...state, openRequests: Math.max(0, state.openRequests - 1) }, at));
    case 'goodbye':
      return end({ ...state, lastSeen: at }, 'client-closed');
    case 'paused':
      return goOn({ ...state, pausedAt: state.pausedAt ?? at });
    case 'resumed': {
      const { pausedAt = at, ...running } = state;
      // Whoever calls at once must be heard first.
      const leftMs = Math.max(onTimeMs, state.until - pausedAt);
      return goOn({ ...running, rhythm: deaf(state.rhythm), until: later(at, leftMs) });
    }
    case 'ended':
      return end(state, signal.reason);
    case 'deadline':
      return runOut(state, at);
    default:
      return signal satisfies never;
  }
}

/** A lease of a whole interval, counted from now, or from when the adapter can serve again. */
function renewed(state: Present, at: Instant): Present {
  const until = later(at, state.basis.intervalMs);
  return { ...state, until, ...(state.pausedAt !== undefined && { pausedAt: at }) };
}

function runOut(state: Present, at: Instant): Step<HttpState> {
  if (deadlineOf(state) === undefined || at < state.until) return goOn(state);
  const lateMs = at - state.until;
  if (lateMs > onTimeMs)
    return goOn({ ...state, until: later(at, Math.min(lateMs, state.basis.intervalMs)) });
  return end(state, 'inactive');
}

function goOn(state: Present, changes: Step<HttpState>['changes'] = []): Step<HttpState> {
  const deadline = deadlineOf(state);
  return { state, changes, ...(deadline !== undefined && { deadline }) };
}

/** When the lease may run out; `undefined` while an open request, or an adapter that cannot serve, keeps it. */
function deadlineOf({ openRequests, pausedAt, until }: Present): Instant | undefined {
  return openRequests > 0 || pausedAt !== undefined ? undefined : until;
}

function end({ rhythm, basis, lastSeen, until }: Present, reason: DisconnectReason): Step<HttpState> {
  return {
    state: { phase: 'absent', rhythm },
    changes: [{ type: 'disconnected', basis, reason, lastSeen, until }],
  };
}

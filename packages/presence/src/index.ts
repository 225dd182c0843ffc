export type { HostLeases } from './host-leases.ts';
export type {
  AnonymousConnection,
  ConnectionDescription,
  EndCauses,
  EndReason,
  HostPresence,
  OpenConnection,
} from './host-presence.ts';
export { closedAt, closesToSleep, keptInVain } from './leases/closing-habit.ts';
export { type LeaseBook, type LeaseWatch, createLeaseBook, holderKey } from './leases/lease-book.ts';
export type { LeaseSettings, LeaseTerms } from './leases/lease-interval.ts';
export {
  type AbsentHolder,
  type LeaseHolding,
  type LeaseOutcome,
  type LeaseSignal,
  afterSignal,
  leaseOver,
  leaseTracker,
  plainLease,
} from './leases/lease-tracker.ts';
export { type Lease, leaseAtDeadline, leaseDueAt, leaseGivenUp, renewOnSign } from './leases/lease.ts';
export { type ProbePlan, planProbe } from './leases/probe-plan.ts';
export { type RequestUnderWay, requestUnderWay } from './leases/request-under-way.ts';
export type { RestoredLease } from './leases/restored-lease.ts';
export type { RhythmStore } from './leases/rhythm-store.ts';
export type { Rhythm } from './leases/rhythm.ts';
export { type Liveness, type SessionState, session, sessionTracker } from './tracking/session-tracker.ts';
export { type Tracked, track } from './tracking/track.ts';

// Presence without connections: the book of leases, and the rules of a single lease, for protocols with their own tracker.
export { type Arrival, arrivalOf } from './leases/arrival.ts';
export { closedAt, closesToSleep, keptInVain } from './leases/closing-habit.ts';
export { createLeaseBook, holderKey, type LeaseBook, type LeaseWatch } from './leases/lease-book.ts';
export type { LeaseSettings, LeaseTerms } from './leases/lease-interval.ts';
export {
  type AbsentHolder,
  afterSignal,
  type LeaseHolding,
  type LeaseOutcome,
  leaseLeft,
  leaseOver,
  type LeaseSignal,
  leaseTracker,
  plainLease,
} from './leases/lease-tracker.ts';
export { type Lease, leaseAtDeadline, leaseDueAt, renewOnSign } from './leases/lease.ts';
export { planProbe, type ProbePlan } from './leases/probe-plan.ts';
export { type RequestUnderWay, requestUnderWay } from './leases/request-under-way.ts';
export type { Rhythm } from './leases/rhythm.ts';

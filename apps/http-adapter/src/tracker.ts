import { leaseTracker, plainLease, type LeaseSignal } from '@rollcall/presence/leases';

/** What a request and its body say: the signals of a lease, and no others. */
export type HttpSignal = LeaseSignal;

/** HTTP has no connections: a request grants its device a lease, and a lease that is not renewed runs out. */
export const httpTracker = leaseTracker(plainLease);

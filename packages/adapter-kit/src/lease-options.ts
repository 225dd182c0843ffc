// The options of adapters whose protocol has no connections.
export { leaseOptions, leaseProblems, leaseSettings } from './leases/lease-options.ts';

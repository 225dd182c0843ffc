import type { LeaseState, LifeSign } from '@rollcall/core/directory';
import type { Arrival } from './leases/arrival.ts';

/** A device was heard at this adapter: now, where it does not say when. */
export interface SignHere extends Omit<LifeSign, 'kind' | 'ageMs' | 'waitedMs'>, Partial<Arrival> {
  readonly kind: 'request' | 'heard';
}

/** Hooks of a lease that a device has once in the whole fleet: they exchange its state between this adapter and the others. */
export interface SharedLease {
  /** The sign of the device in a signal; `undefined`: it has none. */
  signOf(signal: unknown): SignHere | undefined;
  /** Another adapter heard the device: reports that to the tracker. */
  heardElsewhere(sign: LifeSign): void;
  /** The lease goes on with the state from another adapter: reports that to the tracker, also if the lease had ended. */
  goesOn(state: LeaseState): void;
  /** What was learned about the rhythm of the device, as JSON; `undefined`: nothing. */
  learned(): string | undefined;
}

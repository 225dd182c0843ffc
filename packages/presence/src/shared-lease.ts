import type { Instant } from '@rollcall/core';
import type { LeaseState, LifeSign } from '@rollcall/core/directory';

/** A device was heard at this adapter. */
export interface SignHere extends Omit<LifeSign, 'kind' | 'ageMs'> {
  readonly kind: 'request' | 'heard';
  /** Absent: now. */
  readonly heardAt?: Instant;
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

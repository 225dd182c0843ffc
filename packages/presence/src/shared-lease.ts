import type { Instant } from '@rollcall/core';
import type { LeaseState, LifeSign } from '@rollcall/core/directory';

/** A device was heard at this adapter. */
export interface SignHere extends Omit<LifeSign, 'kind' | 'ageMs'> {
  readonly kind: 'request' | 'heard';
  /** Absent: now. */
  readonly heardAt?: Instant;
}

/** How a lease that is one for its device in the whole fleet is told of what others know of it, and others of what is known here. */
export interface SharedLease {
  /** What a signal says of the device itself; `undefined`: nothing. */
  signOf(signal: unknown): SignHere | undefined;
  /** Another adapter heard the device: its tracker is told. */
  heardElsewhere(sign: LifeSign): void;
  /** It goes on as another adapter knew it: its tracker is told, also where it had ended. */
  goesOn(state: LeaseState): void;
  /** What was learned of the rhythm of the device, as JSON; `undefined`: nothing. */
  learned(): string | undefined;
}

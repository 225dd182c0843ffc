import type { DeviceRef, Timestamp } from '@rollcall/core';
import type { Tenant } from '@rollcall/core/registry';
import type { Proof } from './authentication/proof.ts';

/** A device that proved who it is, with what its tenant and its registration say about it. */
export interface AuthenticatedDevice {
  readonly device: DeviceRef;
  readonly authId: string;
  readonly tenant: Tenant;
  /** Which secret let it in; absent where it is not known any more, as with a lease of an earlier incarnation. */
  readonly proof?: Proof;
  /** When that secret ceases to be valid, if known. */
  readonly expiresAt?: Timestamp;
  /** How long one request stands for its presence, as the registry declares. */
  readonly presenceIntervalMs?: number;
  /** Whether it may be asked whether it is there, if the registry says so. */
  readonly presenceProbe?: boolean;
  /**
   * Sessions, or associations, that it may have at a time, as the registry declares; 0: any number. Absent: the registry says
   * nothing, and what the adapter is configured with counts.
   */
  readonly maxConnectionsPerDevice?: number;
}

export type AuthenticationResult =
  | { readonly status: 'accepted'; readonly identity: AuthenticatedDevice }
  | {
      readonly status: 'refused';
      readonly refusal: Refusal;
      /** The device that it proved to be, if the reason is `device-not-registered`. */
      readonly device?: DeviceRef;
    };

/** Why a device was not let in; each protocol maps it to its own code. */
export type RefusalReason =
  | 'bad-credentials'
  | 'tenant-disabled'
  | 'adapter-disabled'
  | 'device-not-registered'
  | 'tenant-connections-exceeded'
  | 'adapter-connections-exceeded'
  | 'device-connections-exceeded'
  | 'throttled'
  | 'busy'
  | 'unavailable';

/** What an app finds wrong with a login by itself, before anything is looked up. For metrics and the log: the device is not told. */
export type LoginProblem = (typeof loginProblems)[number];

/** `protocol-error`: the login breaks the protocol, or its answer would. */
export const loginProblems = [
  'credentials-missing',
  'credentials-malformed',
  'identifier-rejected',
  'protocol-error',
] as const;

export interface Refusal {
  readonly reason: RefusalReason;
  /** For the device to read: says nothing an attacker could use. */
  readonly text: string;
}

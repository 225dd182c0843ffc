import type { Clock, DeviceRegistry, FailureLimiter, PasswordVerifier } from '@rollcall/core';

/** What it takes to find out who a device is. */
export interface AuthenticationContext {
  readonly registry: DeviceRegistry;
  readonly passwords: PasswordVerifier;
  readonly clock: Pick<Clock, 'now'>;
  /** Of failures with certificates and shared keys; a verifier of passwords has its own. */
  readonly failures: FailureLimiter;
  readonly adapterType: string;
}

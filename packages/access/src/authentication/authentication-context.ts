import type { Clock } from '@rollcall/core/environment';
import type { DeviceRegistry, PasswordVerifier, VerifyingTurn } from '@rollcall/core/registry';

/** What it takes to find out who a device is. */
export interface AuthenticationContext {
  readonly registry: DeviceRegistry;
  readonly passwords: PasswordVerifier;
  readonly clock: Pick<Clock, 'now'>;
  readonly adapterType: string;
  /** Of a slow comparison. */
  readonly turn?: VerifyingTurn;
}

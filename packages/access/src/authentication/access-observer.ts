import type { DeviceRef } from '@rollcall/core';
import type { RefusalReason } from '../authentication-result.ts';
import type { CredentialsProblem } from './refuse.ts';

/** A device tried to connect, or a lease holder to be present. */
interface ConnectionAttempt {
  readonly outcome: RefusalReason | 'succeeded';
  /** Of a refusal: more than the device may learn. Absent where it was not refused, as when something of ours threw. */
  readonly cause?: RefusalReason | CredentialsProblem;
  /** Absent until it proved who it is. */
  readonly device?: DeviceRef;
}

/** Is told who tried to come in. */
export interface AccessObserver {
  attempted(attempt: ConnectionAttempt): void;
}

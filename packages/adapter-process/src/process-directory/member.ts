import type { Instant, TenantId, Timestamp } from '@rollcall/core';
import type { AdapterIdentity } from '@rollcall/core/events';
import type { SignOfLife, Told } from './calls.ts';

/** An instance, and when it was heard last. */
export interface Silent {
  readonly identity: AdapterIdentity;
  readonly deadAfterMs: number;
  sign: SignOfLife;
  aliveAt: Timestamp;
  heardAt: Instant;
}

/** An instance, as the directory sees it. */
export interface Member extends Silent {
  readonly changed: Set<TenantId>;
  tell(told: Told): void;
}

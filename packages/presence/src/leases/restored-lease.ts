import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { LeaseBasis } from '@rollcall/core/internal';
import type { DeviceRegistry } from '@rollcall/core/registry';
import type { OpenEntry } from '@rollcall/outbox';
import { lastKnownTenant } from '@rollcall/outbox/internal';
import type { AuthenticatedDevice } from '@rollcall/access';

/** A lease that was held when the adapter ended, and goes on under its connection id. */
export interface RestoredLease {
  readonly identity: AuthenticatedDevice;
  readonly event: ConnectedEvent;
  readonly basis: LeaseBasis;
  readonly lastSeen: Instant;
  readonly until: Instant;
}

/**
 * Continues a lease of an earlier incarnation: the device has a whole interval in which this incarnation can hear it. It never had
 * more time left: its noted end could say otherwise only if the wall clock was set back meanwhile. `undefined` if
 * the entry is not a lease.
 */
export async function restoreLease(
  { event, noted }: OpenEntry,
  registry: DeviceRegistry,
  clock: Clock,
): Promise<RestoredLease | undefined> {
  const basis = noted?.lease?.basis ?? event.basis;
  if (basis.kind !== 'lease') return undefined;
  const now = clock.monotonic();
  // The wall clock may have been set back meanwhile.
  const silentMs = Math.max(0, clock.now() - (noted?.lastSeen ?? event.at));
  return {
    identity: {
      device: event.device,
      authId: event.remoteId,
      // If the registry is away or does not know the tenant any more, the review of access that follows decides.
      tenant: await lastKnownTenant(event.device.tenant, registry),
    },
    event,
    basis,
    lastSeen: later(now, -silentMs),
    until: later(now, basis.intervalMs),
  };
}

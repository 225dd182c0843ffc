import type { DeviceRef, TenantId } from '@rollcall/core';
import type { HostAccess } from '@rollcall/access';
import { admit, refuse } from '@rollcall/access/internal';
import type { Access } from './create-access.ts';
import type { AdapterContext } from './adapter-context.ts';
import type { Presence } from './create-presence.ts';
import type { OwnPlaces } from './own-places.ts';
import type { FollowedRegistry } from './follow-registry.ts';

/** Whether there is room for one more connection. */
export function admitTo(
  context: AdapterContext,
  { connections, anonymous }: Presence,
  { authenticator }: Access,
  { access }: FollowedRegistry,
  places: OwnPlaces,
): HostAccess['admit'] {
  const { adapter, settings, observer, log } = context;

  return (device, slot) => {
    if (device) authenticator.provedTenant(device.device.tenant);
    // It may have been let in a while ago, as in AMQP.
    const outdated = device !== undefined && access.mayBeOutdated(device);
    const open = {
      count: connections.count + anonymous.count,
      countOf: (tenant: TenantId) => places.countOf(tenant),
      makeRoomFor: (which: DeviceRef, limit: number) => connections.makeRoomFor(which, slot, limit),
      takesOver: places.takenOver(device, slot),
    };
    // Its network connection may be cut already: it would be told as connected, and never hear that. A request that was begun is served.
    const isLate = context.phase === 'stopping' && adapter.presence !== 'lease';
    const refusal = outdated || isLate ? refuse('busy').refusal : admit(device, open, settings);
    observer.attempted({
      outcome: refusal?.reason ?? 'succeeded',
      ...(refusal && { cause: refusal.reason }),
      ...(device && { device: device.device }),
    });
    if (refusal) log.debug({ ...device?.device, reason: refusal.reason }, 'device refused');
    return refusal;
  };
}

import type { DeviceRegistry, Log, RegistryChange } from '@rollcall/core';
import { adapterEnabled } from '../authentication/adapter-enabled.ts';
import type { ConnectionDescription } from '../protocol-adapter.ts';
import type { Connections } from './connections.ts';

export interface AccessWatch {
  /** Asks the registry anew whether the devices that `which` selects may be connected. */
  review(which: (description: ConnectionDescription) => boolean): Promise<void>;
  stop(): void;
}

/**
 * Ends the connections of devices whose access the registry took away: tenant or device disabled or deleted, or this
 * kind of adapter disabled for the tenant.
 */
export function watchAccess(
  registry: DeviceRegistry,
  connections: Connections,
  adapterType: string,
  log: Log,
): AccessWatch {
  async function stillAllowed({ identity }: ConnectionDescription): Promise<boolean> {
    const tenant = await registry.getTenant(identity.device.tenant);
    if (tenant.status === 'unavailable') return true;
    if (tenant.status === 'not-found' || !tenant.value.enabled || !adapterEnabled(tenant.value, adapterType))
      return false;
    const registration = await registry.assertRegistration(identity.device);
    return registration.status === 'found' || registration.status === 'unavailable';
  }

  async function review(which: (description: ConnectionDescription) => boolean): Promise<void> {
    for (const description of [...connections.devices()].filter(which)) {
      if (await stillAllowed(description)) continue;
      log.info({ ...description.identity.device }, 'access revoked in the registry');
      connections.end('access-revoked', (each) => each === description);
    }
  }

  const unsubscribe = registry.onChange((change) => {
    review(({ identity }) => concerns(change, identity.device)).catch((error: unknown) =>
      log.error({ err: error }, 'registry change could not be applied'),
    );
  });
  return { review, stop: unsubscribe };
}

function concerns(change: RegistryChange, device: ConnectionDescription['identity']['device']): boolean {
  if (change.type !== 'device') return change.tenant === device.tenant;
  return change.device.tenant === device.tenant && change.device.device === device.device;
}

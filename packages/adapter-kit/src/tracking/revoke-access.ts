import type { DeviceRegistry, Log, RegistryChange } from '@rollcall/core';
import type { ConnectionDescription } from '../protocol-adapter.ts';
import type { Connections } from './connections.ts';
import { adapterEnabled } from '../authentication/adapter-enabled.ts';

/**
 * Ends the connections of devices whose access the registry took away: tenant or device disabled or deleted, or this
 * kind of adapter disabled for the tenant. The result stops watching.
 */
export function revokeAccessOnChange(
  registry: DeviceRegistry,
  connections: Connections,
  adapterType: string,
  log: Log,
): () => void {
  async function stillAllowed({ identity }: ConnectionDescription): Promise<boolean> {
    const tenant = await registry.getTenant(identity.device.tenant);
    if (tenant.status === 'unavailable') return true;
    if (tenant.status === 'not-found' || !tenant.value.enabled || !adapterEnabled(tenant.value, adapterType))
      return false;
    const registration = await registry.assertRegistration(identity.device);
    return registration.status === 'found' || registration.status === 'unavailable';
  }

  async function review(change: RegistryChange): Promise<void> {
    const concerned = [...connections.devices()].filter(({ identity }) => concerns(change, identity.device));
    for (const description of concerned) {
      if (await stillAllowed(description)) continue;
      log.info({ ...description.identity.device }, 'access revoked in the registry');
      connections.end('access-revoked', (each) => each === description);
    }
  }

  return registry.onChange((change) => {
    review(change).catch((error: unknown) =>
      log.error({ err: error }, 'registry change could not be applied'),
    );
  });
}

function concerns(change: RegistryChange, device: ConnectionDescription['identity']['device']): boolean {
  if (change.type === 'tenant') return change.tenant === device.tenant;
  return change.device.tenant === device.tenant && change.device.device === device.device;
}

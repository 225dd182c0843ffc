import type { TenantId } from '@rollcall/core';
import type { DeviceRegistry, Tenant } from '@rollcall/core/registry';

/** The tenant of a connection of an earlier incarnation; one without settings if the registry cannot answer now. */
export async function lastKnownTenant(id: TenantId, registry: DeviceRegistry): Promise<Tenant> {
  const answer = await registry.getTenant(id);
  return answer.status === 'found' ? answer.value : { id, enabled: true, defaults: {}, limits: {} };
}

import type { Tenant } from '@rollcall/core/registry';

/** Whether devices of the tenant may use this type of adapter: all may, unless the tenant lists adapters. */
export function adapterEnabled(tenant: Tenant, adapterType: string): boolean {
  return (
    tenant.adapters === undefined || tenant.adapters.some((each) => each.type === adapterType && each.enabled)
  );
}

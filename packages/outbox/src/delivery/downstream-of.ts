import type { Tenant, TenantDownstream } from '@rollcall/core';

/** What sinks need to know of a tenant. */
export function downstreamOf({ defaults, limits: { maxTtlSeconds } }: Tenant): TenantDownstream {
  return { defaults, ...(maxTtlSeconds !== undefined && { maxTtlSeconds }) };
}

import type { TenantDownstream } from '@rollcall/core/sink';
import type { Tenant } from '@rollcall/core/registry';

/** What sinks need to know of a tenant. */
export function downstreamOf({ defaults, limits: { maxTtlSeconds } }: Tenant): TenantDownstream {
  return { defaults, ...(maxTtlSeconds !== undefined && { maxTtlSeconds }) };
}

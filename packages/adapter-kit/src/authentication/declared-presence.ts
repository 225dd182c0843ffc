import type { Registration, Tenant } from '@rollcall/core';

/** How long one request stands for the presence of the device: as declared for it, for the kind of adapter, or the tenant. */
export function declaredPresenceMs(
  registration: Registration,
  tenant: Tenant,
  adapterType: string,
): number | undefined {
  const ofAdapter = tenant.adapters?.find(({ type }) => type === adapterType)?.ext['presence-interval'];
  const seconds =
    registration.presenceIntervalSeconds ??
    (typeof ofAdapter === 'number' && ofAdapter > 0 ? ofAdapter : tenant.presenceIntervalSeconds);
  return seconds === undefined ? undefined : seconds * 1_000;
}

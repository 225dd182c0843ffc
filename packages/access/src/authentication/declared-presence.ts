import type { Registration, Tenant } from '@rollcall/core/registry';
import type { AuthenticatedDevice } from '../authentication-result.ts';

type DeclaredPresence = Pick<AuthenticatedDevice, 'presenceIntervalMs' | 'presenceProbe'>;

/** What the registry says about presence without a connection: for the device, for the kind of adapter, or for the tenant. */
export function declaredPresence(
  registration: Registration,
  tenant: Tenant,
  adapterType: string,
): DeclaredPresence {
  const ofAdapter = tenant.adapters?.find(({ type }) => type === adapterType)?.ext ?? {};
  const interval = ofAdapter['presence-interval'];
  const probe = ofAdapter['presence-probe'];
  const seconds =
    registration.presenceIntervalSeconds ??
    (typeof interval === 'number' && interval > 0 ? interval : tenant.presenceIntervalSeconds);
  const presenceProbe =
    registration.presenceProbe ?? (typeof probe === 'boolean' ? probe : tenant.presenceProbe);
  return {
    ...(seconds !== undefined && { presenceIntervalMs: seconds * 1_000 }),
    ...(presenceProbe !== undefined && { presenceProbe }),
  };
}

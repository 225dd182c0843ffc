import type { Registration, Tenant } from '@rollcall/core/registry';
import type { AuthenticatedDevice } from '../authentication-result.ts';

/** How many connections the registry lets one device have: as said for it, for the kind of adapter, or for the tenant. */
export function declaredConnectionLimit(
  registration: Registration,
  tenant: Tenant,
  adapterType: string,
): Pick<AuthenticatedDevice, 'maxConnectionsPerDevice'> {
  const ofAdapter = tenant.adapters?.find(({ type }) => type === adapterType)?.ext[
    'max-connections-per-device'
  ];
  const limit =
    registration.maxConnectionsPerDevice ??
    (Number.isSafeInteger(ofAdapter) && (ofAdapter as number) >= 0
      ? (ofAdapter as number)
      : tenant.maxConnectionsPerDevice);
  return limit === undefined ? {} : { maxConnectionsPerDevice: limit };
}

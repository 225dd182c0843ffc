import { credentialsTypes, type CredentialsType } from '@rollcall/core/registry';
import type { AuthenticationContext } from '../authentication/authentication-context.ts';
import { usableTenant } from '../authentication/look-up.ts';
import type { AuthenticatedDevice } from '../authentication-result.ts';

/**
 * Whether a device may go on holding a lease: it is registered and enabled, and has credentials that are. A lease is the
 * device's, and not that of a secret: whether one of them is valid now does not matter.
 *
 * @param types of the credentials that let a device in; default: all.
 */
export async function mayHoldLease(
  { device, authId }: AuthenticatedDevice,
  { registry, adapterType }: Pick<AuthenticationContext, 'registry' | 'adapterType'>,
  types: readonly CredentialsType[] = credentialsTypes,
): Promise<'yes' | 'no' | 'unavailable'> {
  const tenant = usableTenant(await registry.getTenant(device.tenant), adapterType);
  if (tenant.status === 'refused') return tenant.refusal.reason === 'unavailable' ? 'unavailable' : 'no';
  const registration = await registry.assertRegistration(device);
  if (registration.status === 'unavailable') return 'unavailable';
  if (registration.status !== 'found') return 'no';
  for (const type of types) {
    const answer = await registry.getCredentials({ tenant: device.tenant, type, authId });
    if (answer.status === 'unavailable') return 'unavailable';
    if (answer.status === 'found' && answer.value.enabled && answer.value.device.device === device.device)
      return 'yes';
  }
  return 'no';
}

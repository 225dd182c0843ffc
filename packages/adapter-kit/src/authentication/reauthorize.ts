import type { AuthenticatedDevice, AuthenticationResult } from '../protocol-adapter.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { identify, usableTenant } from './look-up.ts';
import { refuse } from './refuse.ts';

/** Whether a device that proved who it is some time ago may still be served, and what the registry says of it now. */
export async function reauthorize(
  { device, authId, tenant, expiresAt }: AuthenticatedDevice,
  context: AuthenticationContext,
): Promise<AuthenticationResult> {
  if (expiresAt !== undefined && context.clock.now() >= expiresAt) return refuse('bad-credentials');
  const current = usableTenant(await context.registry.getTenant(tenant.id), context.adapterType);
  if (current.status === 'refused') return current;
  return identify({ device, authId }, current.value, context, expiresAt);
}

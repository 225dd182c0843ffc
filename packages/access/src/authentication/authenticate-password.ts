import type { AuthenticationResult } from '../authentication-result.ts';
import type { PasswordLogin } from '../login.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { identify, presentedBy, usableCredentials, usableTenant } from './look-up.ts';
import { secretKeyOf } from './proof.ts';
import { refuse, type Refused } from './refuse.ts';
import { splitUsername } from './split-username.ts';

/**
 * Finds out who a device with a password is, in the order Hono does (`docs/hono-compatibility.md` §6): tenant, credentials,
 * secret, registration. An unknown tenant or auth-id and a wrong password look the same to the device.
 */
export async function authenticatePassword(
  login: PasswordLogin,
  context: AuthenticationContext,
): Promise<AuthenticationResult | Refused> {
  const name = splitUsername(login.username);
  if (!name) return refuse('bad-credentials', 'credentials-malformed');
  const tenant = usableTenant(await context.registry.getTenantByName(name.tenant), context.adapterType);
  if (tenant.status === 'refused') return tenant;
  const found = await usableCredentials(
    tenant.value.id,
    'hashed-password',
    name.authId,
    context,
    presentedBy(login.clientContext),
  );
  if (found.status === 'refused') return found;

  const verdict = await context.passwords.verify(found.value, login.password, context.turn);
  if (verdict === 'busy') return refuse('busy');
  if (verdict === 'invalid') return refuse('bad-credentials', 'wrong-secret');
  const { matched } = verdict;
  const secretKey = secretKeyOf('hashed-password', matched);
  return identify(found.value, tenant.value, context, {
    proof: { type: 'hashed-password', authId: found.value.authId, secretKey },
    expiresAt: matched.notAfter,
  });
}

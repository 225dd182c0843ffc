import type { Timestamp } from '@rollcall/core';
import { isValidAt } from '@rollcall/core/registry';
import { isPrintable } from '@rollcall/core/text';
import type { AuthenticationResult } from '../authentication-result.ts';
import type { TokenLogin } from '../login.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { identify, presentedBy, usableCredentials, usableTenant } from './look-up.ts';
import { secretKeyOf } from './proof.ts';
import { refuse, type Refused } from './refuse.ts';
import { maxNameLength } from './split-username.ts';
import { verifyToken } from './verify-token.ts';

/**
 * Finds out who a device is that signed a token (`docs/hono-compatibility.md` §13): in the order of passwords, and with the public keys
 * of its credentials.
 */
export async function authenticateToken(
  { token, tenant: tenantName, authId, issuer, clientContext }: TokenLogin,
  context: AuthenticationContext,
): Promise<AuthenticationResult | Refused> {
  if (!isName(tenantName) || !isName(authId)) return refuse('bad-credentials', 'credentials-malformed');
  const tenant = usableTenant(await context.registry.getTenantByName(tenantName), context.adapterType);
  if (tenant.status === 'refused') return tenant;
  const found = await usableCredentials(
    tenant.value.id,
    'rpk',
    authId,
    context,
    presentedBy(issuer === undefined ? clientContext : { ...clientContext, iss: issuer }),
  );
  if (found.status === 'refused') return found;

  const now = context.clock.now();
  const valid = found.value.secrets.filter((secret) => isValidAt(secret, now));
  const verdict = await verifyToken(token, valid, now);
  if (verdict.status !== 'verified')
    return refuse('bad-credentials', verdict.status === 'expired' ? 'secret-expired' : 'wrong-secret');
  const { matched, notAfter } = verdict;
  return identify(found.value, tenant.value, context, {
    proof: {
      type: 'rpk',
      authId: found.value.authId,
      secretKey: secretKeyOf('rpk', matched),
      token: { notAfter },
    },
    expiresAt: Math.min(notAfter, matched.notAfter ?? Infinity) as Timestamp,
  });
}

/** Whether a registry may have this name; nothing else is looked up. */
function isName(text: string): boolean {
  return text !== '' && text.length <= maxNameLength && isPrintable(text);
}

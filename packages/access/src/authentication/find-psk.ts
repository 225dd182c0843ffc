import { createSecretKey } from 'node:crypto';
import { isValidAt } from '@rollcall/core/registry';
import type { PskLogin, PskLookup } from '../login.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { identifyUnserved, knownTenant, usableCredentials } from './look-up.ts';
import { secretKeyOf } from './proof.ts';
import { refuse, type Refused } from './refuse.ts';
import { splitUsername } from './split-username.ts';

/**
 * Finds the keys by which a device may prove that it is who it says, and who it is then (`docs/hono-compatibility.md` §13). A disabled
 * device or tenant has keys too: it learns this from the answers to its requests.
 */
export async function findPsk(
  { identity }: PskLogin,
  context: AuthenticationContext,
): Promise<PskLookup | Refused> {
  const name = splitUsername(identity);
  if (!name) return refuse('bad-credentials', 'credentials-malformed');
  const tenant = knownTenant(await context.registry.getTenantByName(name.tenant));
  if (tenant.status === 'refused') return tenant;
  const found = await usableCredentials(tenant.value.id, 'psk', name.authId, context);
  if (found.status === 'refused') return found;
  const now = context.clock.now();
  const secrets = found.value.secrets.filter((secret) => isValidAt(secret, now));
  if (secrets.length === 0) return refuse('bad-credentials', 'wrong-secret');

  const { authId } = found.value;
  const identified = await identifyUnserved(found.value, tenant.value, context, {});
  if (identified.status === 'refused') return identified;
  return {
    status: 'found',
    candidates: secrets.map((secret) => ({
      // A KeyObject that is printed does not show its key.
      key: createSecretKey(secret.key),
      identity: {
        ...identified.identity,
        proof: { type: 'psk', authId, secretKey: secretKeyOf('psk', secret) },
        ...(secret.notAfter !== undefined && { expiresAt: secret.notAfter }),
      },
    })),
  };
}

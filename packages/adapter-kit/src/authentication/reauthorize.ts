import type { Credentials, Tenant, Timestamp } from '@rollcall/core';
import type { AuthenticatedDevice, AuthenticationResult } from '../protocol-adapter.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { identify, usableCredentials, usableTenant } from './look-up.ts';
import { longestValid } from './longest-valid.ts';
import { anchorKeyOf, secretKeyOf, type Proof } from './proof.ts';
import { refuse } from './refuse.ts';

/**
 * Whether a device that proved who it is some time ago may still be served, and what the registry says of it now. It may where the
 * very secret that it proved is valid still, and who vouched for it is trusted.
 */
export async function reauthorize(
  { device, authId, tenant, expiresAt, proof }: AuthenticatedDevice,
  context: AuthenticationContext,
): Promise<AuthenticationResult> {
  const current = usableTenant(await context.registry.getTenant(tenant.id), context.adapterType);
  if (current.status === 'refused') return current;
  if (!proof) {
    if (expiresAt !== undefined && context.clock.now() >= expiresAt) return refuse('bad-credentials');
    return identify({ device, authId }, current.value, context, { expiresAt });
  }
  const found = await usableCredentials(tenant.id, proof.type, proof.authId, context);
  if (found.status === 'refused') return found;
  // An auth-id may have become another device's.
  if (found.value.device.device !== device.device) return refuse('bad-credentials');
  const validUntil = endOfProof(proof, current.value, found.value, context.clock.now());
  if (validUntil === undefined) return refuse('bad-credentials');
  const facts = { proof, expiresAt: validUntil === Infinity ? undefined : (validUntil as Timestamp) };
  return identify({ device, authId }, current.value, context, facts);
}

/** When the proof ceases to be valid, or infinity; `undefined` where it has already. */
function endOfProof(
  { type, secretKey, certificate }: Proof,
  { trustAnchors = [] }: Tenant,
  { secrets }: Credentials,
  now: Timestamp,
): number | undefined {
  const secret = longestValid(
    secrets.filter((each) => secretKeyOf(type, each as never) === secretKey),
    now,
  );
  if (!secret) return undefined;
  const secretEnds = secret.notAfter ?? Infinity;
  if (!certificate) return secretEnds;
  const anchor = longestValid(
    trustAnchors.filter((each) => anchorKeyOf(each) === certificate.anchorKey),
    now,
  );
  if (!anchor || now >= certificate.notAfter) return undefined;
  return Math.min(secretEnds, certificate.notAfter, anchor.notAfter ?? Infinity);
}

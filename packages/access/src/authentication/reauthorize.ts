import type { Timestamp } from '@rollcall/core';
import { isValidAt, type Credentials, type Tenant, type Validity } from '@rollcall/core/registry';
import type { AuthenticatedDevice, AuthenticationResult } from '../authentication-result.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { identify, usableCredentials, usableTenant } from './look-up.ts';
import { longestValid } from './longest-valid.ts';
import { anchorKeyOf, secretKeyOf, type Proof } from './proof.ts';
import { refuse, type Refused } from './refuse.ts';

/** What the registry says of a device that proved who it is some time ago; `expired`: its proof counts no more, by its own time. */
export type Standing = AuthenticationResult | { readonly status: 'expired' };

type RegistryContext = Pick<AuthenticationContext, 'registry' | 'adapterType' | 'clock'>;

/** Whether a device that proved who it is some time ago may still be served, see {@link standingOf}. */
export async function reauthorize(
  identity: AuthenticatedDevice,
  context: RegistryContext,
): Promise<AuthenticationResult | Refused> {
  const standing = await standingOf(identity, context);
  return standing.status === 'expired' ? refuse('bad-credentials', 'secret-expired') : standing;
}

/**
 * How a device stands, and what the registry says of it now. It may be served where the very secret that it proved is there and
 * valid still, and who vouched for it is trusted.
 */
export async function standingOf(
  { device, authId, tenant, expiresAt, proof }: AuthenticatedDevice,
  context: RegistryContext,
): Promise<Standing> {
  const current = usableTenant(await context.registry.getTenant(tenant.id), context.adapterType);
  if (current.status === 'refused') return current;
  if (!proof) {
    if (expiresAt !== undefined && context.clock.now() >= expiresAt) return { status: 'expired' };
    return identify({ device, authId }, current.value, context, { expiresAt });
  }
  const found = await usableCredentials(tenant.id, proof.type, proof.authId, context);
  if (found.status === 'refused') return found;
  // An auth-id may have become another device's.
  if (found.value.device.device !== device.device) return refuse('bad-credentials', 'secret-gone');
  const now = context.clock.now();
  const validity = validityOfProof(proof, current.value, found.value, now);
  if (!validity) return refuse('bad-credentials', 'secret-gone');
  if (!isValidAt(validity, now))
    return now >= (validity.notAfter ?? Infinity)
      ? { status: 'expired' }
      : refuse('bad-credentials', 'secret-gone');
  const facts = { proof, expiresAt: validity.notAfter };
  return identify({ device, authId }, current.value, context, facts);
}

/** When the proof counts; `undefined` where its secret, or who vouched for it, is gone. */
function validityOfProof(
  { type, secretKey, certificate, token }: Proof,
  { trustAnchors = [] }: Tenant,
  { secrets }: Credentials,
  now: Timestamp,
): Validity | undefined {
  const same = secrets.filter((each) => secretKeyOf(type, each as never) === secretKey);
  const secret = longestValid(same, now) ?? same[0];
  if (secret && token) return intersection([secret, token]);
  if (!certificate || !secret) return secret;
  const vouching = trustAnchors.filter((each) => anchorKeyOf(each) === certificate.anchorKey);
  const anchor = longestValid(vouching, now) ?? vouching[0];
  return anchor && intersection([secret, anchor, { notAfter: certificate.notAfter }]);
}

function intersection(validities: readonly Validity[]): Validity {
  const notBefore = Math.max(...validities.map((each) => each.notBefore ?? -Infinity));
  const notAfter = Math.min(...validities.map((each) => each.notAfter ?? Infinity));
  return {
    ...(notBefore !== -Infinity && { notBefore: notBefore as Timestamp }),
    ...(notAfter !== Infinity && { notAfter: notAfter as Timestamp }),
  };
}

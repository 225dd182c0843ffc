import type { DeviceRef, TenantId, Timestamp } from '@rollcall/core';
import type { Answer, Credentials, CredentialsType, Tenant, Presented } from '@rollcall/core/registry';
import { isPrintable } from '@rollcall/core/text';
import type { AuthenticatedDevice, AuthenticationResult } from '../authentication-result.ts';
import { adapterEnabled } from './adapter-enabled.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import type { DeviceLogin } from '../login.ts';
import { declaredConnectionLimit } from './declared-connection-limit.ts';
import { declaredPresence } from './declared-presence.ts';
import type { Proof } from './proof.ts';
import { refuse, type Refused } from './refuse.ts';

// The steps that every kind of login takes (`docs/hono-compatibility.md` §6). What does not exist looks like a wrong secret.

type Found<Value> = { readonly status: 'found'; readonly value: Value } | Refused;

/** The tenant, whether its devices may be served or not. */
export function knownTenant(answer: Answer<Tenant>): Found<Tenant> {
  if (answer.status === 'unavailable') return refuse('unavailable');
  return answer.status === 'not-found' ? refuse('bad-credentials', 'unknown-tenant') : answer;
}

/** The tenant, if its devices may use this kind of adapter. */
export function usableTenant(found: Answer<Tenant>, adapterType: string): Found<Tenant> {
  const answer = knownTenant(found);
  if (answer.status === 'refused') return answer;
  if (!answer.value.enabled) return refuse('tenant-disabled');
  return adapterEnabled(answer.value, adapterType) ? answer : refuse('adapter-disabled');
}

/** What a device presented beside its auth-id. */
export function presentedBy(clientContext: DeviceLogin['clientContext']): Presented {
  return clientContext ? { context: clientContext } : {};
}

/** The credentials, if they are enabled. Their secrets may be out of date. */
export async function usableCredentials<Type extends CredentialsType>(
  tenant: TenantId,
  type: Type,
  authId: string,
  { registry }: Pick<AuthenticationContext, 'registry'>,
  presented?: Presented,
): Promise<Found<Credentials<Type>>> {
  const answer = await registry.getCredentials({ tenant, type, authId, presented });
  if (answer.status === 'unavailable') return refuse('unavailable');
  if (answer.status === 'not-found') return refuse('bad-credentials', 'unknown-device');
  return answer.value.enabled ? answer : refuse('bad-credentials', 'credentials-disabled');
}

interface ProofFacts {
  readonly proof?: Proof;
  /** When that ceases to be valid. */
  readonly expiresAt?: Timestamp | undefined;
}

/**
 * Who the device is that has, or will have, proved these credentials, where whether it may be served is asked with each of its requests,
 * and told there (`reauthorize`).
 */
export async function identifyUnserved(
  credentials: Pick<Credentials, 'device' | 'authId'>,
  tenant: Tenant,
  context: Pick<AuthenticationContext, 'registry' | 'adapterType'>,
  facts: ProofFacts,
): Promise<AuthenticationResult | Refused> {
  const identified = await identify(credentials, tenant, context, facts);
  if (identified.status === 'accepted' || identified.refusal.reason === 'unavailable') return identified;
  if (!arePrintable(tenant, credentials.device, credentials.authId)) return identified;
  return accepted(credentials, tenant, facts);
}

/** Finds the device that has proved these credentials, or will prove them, if it is registered and enabled. */
export async function identify(
  credentials: Pick<Credentials, 'device' | 'authId'>,
  tenant: Tenant,
  { registry, adapterType }: Pick<AuthenticationContext, 'registry' | 'adapterType'>,
  facts: ProofFacts,
): Promise<AuthenticationResult | Refused> {
  const registration = await registry.assertRegistration(credentials.device);
  if (registration.status === 'unavailable') return refuse('unavailable');
  if (registration.status !== 'found')
    return { ...refuse('device-not-registered'), device: credentials.device };
  // Events name devices as they are: there is none for names that cannot be shown.
  if (!arePrintable(tenant, credentials.device, credentials.authId)) return refuse('device-not-registered');
  return accepted(credentials, tenant, facts, {
    ...declaredPresence(registration.value, tenant, adapterType),
    ...declaredConnectionLimit(registration.value, tenant, adapterType),
  });
}

/** @param declared what its registration says of it, where it is known. */
function accepted(
  { device, authId }: Pick<Credentials, 'device' | 'authId'>,
  tenant: Tenant,
  { proof, expiresAt }: ProofFacts,
  declared: Partial<AuthenticatedDevice> = {},
): AuthenticationResult {
  return {
    status: 'accepted',
    identity: {
      device,
      authId,
      tenant,
      ...(proof && { proof }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...declared,
    },
  };
}

function arePrintable(tenant: Tenant, { device }: DeviceRef, authId: string): boolean {
  return [tenant.id, device, authId].every(isPrintable);
}

import type { DeviceRegistry, PasswordVerifier } from '@rollcall/core';
import type { AuthenticationResult, PasswordLogin, RefusalReason } from '../protocol-adapter.ts';
import { adapterEnabled } from './adapter-enabled.ts';
import { declaredPresenceMs } from './declared-presence.ts';
import { refusalTexts } from './refusal-texts.ts';

/** Registry keys longer than this are not looked up: no registry has them, and they would fill logs and caches. */
const maxNameLength = 256;

/**
 * Finds out who a device is, in the order Hono does (`docs/hono-compatibility.md` §6): tenant, credentials, secret,
 * registration. An unknown tenant or auth-id and a wrong password look the same to the device.
 */
export async function authenticate(
  login: PasswordLogin,
  registry: DeviceRegistry,
  passwords: PasswordVerifier,
  adapterType: string,
): Promise<AuthenticationResult> {
  const name = splitUsername(login.username);
  if (!name) return refuse('bad-credentials');

  const tenantAnswer = await registry.getTenant(name.tenant);
  if (tenantAnswer.status === 'unavailable') return refuse('unavailable');
  if (tenantAnswer.status === 'not-found') return refuse('bad-credentials');
  const tenant = tenantAnswer.value;
  if (!tenant.enabled) return refuse('tenant-disabled');
  if (!adapterEnabled(tenant, adapterType)) return refuse('adapter-disabled');

  const credentialsAnswer = await registry.getCredentials({
    tenant: tenant.id,
    type: 'hashed-password',
    authId: name.authId,
  });
  if (credentialsAnswer.status === 'unavailable') return refuse('unavailable');
  if (credentialsAnswer.status === 'not-found' || !credentialsAnswer.value.enabled)
    return refuse('bad-credentials');
  const credentials = credentialsAnswer.value;

  const verdict = await passwords.verify(credentials, login.password, login.remoteIp);
  if (verdict === 'busy') return refuse('busy');
  if (verdict === 'throttled') return refuse('throttled');
  if (verdict === 'invalid') return refuse('bad-credentials');

  const registration = await registry.assertRegistration(credentials.device);
  if (registration.status === 'unavailable') return refuse('unavailable');
  if (registration.status !== 'found') return refuse('device-not-registered');
  const presenceIntervalMs = declaredPresenceMs(registration.value, tenant, adapterType);
  return {
    status: 'accepted',
    identity: {
      device: credentials.device,
      authId: name.authId,
      tenant,
      ...(typeof verdict === 'object' && { expiresAt: verdict.validUntil }),
      ...(presenceIntervalMs !== undefined && { presenceIntervalMs }),
    },
  };
}

/** `auth-id@tenant`, split at the first `@`. */
function splitUsername(username: string): { readonly authId: string; readonly tenant: string } | undefined {
  const at = username.indexOf('@');
  if (at <= 0 || at === username.length - 1 || username.length > 2 * maxNameLength) return undefined;
  return { authId: username.slice(0, at), tenant: username.slice(at + 1) };
}

export function refuse(reason: RefusalReason): AuthenticationResult {
  return { status: 'refused', refusal: { reason, text: refusalTexts[reason] } };
}

import type {
  AdapterContent,
  JsonObject,
  TenantContent,
  TrustedCaContent,
} from '../store/registry-content.ts';
import type { StoredTenant } from '../store/registry-store.ts';
import { unlessEmpty } from './json-fields.ts';

/**
 * A tenant as adapters read it (`docs/hono-compatibility.md` §18): with the members that Hono's registry writes, and with only those
 * authorities that are valid at `now`.
 *
 * @param now milliseconds since the Unix epoch.
 */
export function tenantObject({ id, content }: Pick<StoredTenant, 'id' | 'content'>, now: number): JsonObject {
  const minimumMessageSize = content['minimum-message-size'] ?? 0;
  const authorities = content['trusted-ca'];
  return {
    'tenant-id': id,
    enabled: content.enabled ?? true,
    ...unlessEmpty('defaults', content.defaults),
    ...unlessEmpty('adapters', content.adapters?.map(adapterObject)),
    ...(minimumMessageSize > 0 && { 'minimum-message-size': minimumMessageSize }),
    ...limitsOf(content),
    ...unlessEmpty('tracing', content.tracing),
    ...unlessEmpty('ext', content.ext),
    ...(authorities && {
      'trusted-ca': authorities.filter((each) => isAuthorityValid(each, now)).map(authorityObject),
    }),
  };
}

/** Whether an authority is within its validity, the limits included. */
export function isAuthorityValid(authority: TrustedCaContent, now: number): boolean {
  return Date.parse(authority['not-before']) <= now && now <= Date.parse(authority['not-after']);
}

/** Hono writes these members also if they have the default value. */
function adapterObject(adapter: AdapterContent): JsonObject {
  return {
    type: adapter.type,
    enabled: adapter.enabled ?? false,
    'device-authentication-required': adapter['device-authentication-required'] ?? true,
    ...unlessEmpty('ext', adapter.ext),
  };
}

/** -1 stands for no limit. */
function limitsOf({ 'resource-limits': limits }: TenantContent): JsonObject {
  if (!limits) return {};
  return {
    'resource-limits': Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== -1)),
  };
}

/** Without its validity, and without members that concern only the registry. */
function authorityObject(authority: TrustedCaContent): JsonObject {
  const {
    'not-before': _notBefore,
    'not-after': _notAfter,
    'auto-provision-as-gateway': _asGateway,
    'auto-provisioning-device-id-template': _deviceIdTemplate,
    'ocsp-revocation-enabled': checksRevocation,
    'ocsp-nonce-enabled': sendsNonce,
    ...shared
  } = authority;
  return {
    ...shared,
    'auto-provisioning-enabled': authority['auto-provisioning-enabled'] ?? false,
    ...(checksRevocation === true && { 'ocsp-revocation-enabled': true }),
    ...(sendsNonce === true && { 'ocsp-nonce-enabled': true }),
  };
}

import type { DeviceId, DeviceRef, TenantId } from '@rollcall/core';
import type {
  Answer,
  AssertionAnswer,
  DeviceRegistry,
  RegistryChange,
  Tenant,
} from '@rollcall/core/registry';
import { tenantLabel } from './formats.ts';
import { unpackCredentials } from './pack-credentials.ts';
import { unpackDevice, type RegisteredDevice } from './pack-device.ts';
import { unpackTenant } from './pack-tenant.ts';
import { noEntries, withheld, type Entries, type EntryChange } from './registry-entries.ts';

export interface ServedRegistry extends Pick<
  DeviceRegistry,
  'getTenant' | 'getTenantByName' | 'getTenantByTrustAnchor' | 'getCredentials' | 'assertRegistration'
> {
  /** Applies changes: later answers use them. Returns what changed, for those who hold earlier answers. */
  apply(changes: readonly EntryChange[]): readonly RegistryChange[];
}

/** The answer about an entry that an earlier run served, and that may be missing by mistake. */
const uncertain = {
  status: 'unavailable',
  cause: new Error('missing in the registry file, and it is not sure that this is meant'),
  onlyThis: true,
} as const;

/** The registry that adapters ask. Entries are kept packed, and unpacked when they are asked for. */
export function createServedRegistry(): ServedRegistry {
  const entries: Entries<string> = new Map();
  /** Kept unpacked: tenants are few, and asked for with each message. */
  const tenants = new Map<string, Tenant>();
  /** By the names of their trust anchors. */
  const byTrustAnchor = new Map<string, Set<string>>();
  const byAlias = new Map<string, string>();
  const withheldTenants = new Set<string>();

  function setTenant(id: string, packed: string | undefined): void {
    const before = tenants.get(id);
    for (const { subjectDn } of before?.trustAnchors ?? []) {
      const trusting = byTrustAnchor.get(subjectDn);
      trusting?.delete(id);
      if (trusting?.size === 0) byTrustAnchor.delete(subjectDn);
    }
    // An alias may belong to another tenant now.
    if (before?.alias !== undefined && byAlias.get(before.alias) === id) byAlias.delete(before.alias);
    tenants.delete(id);
    withheldTenants.delete(id);
    if (packed === withheld) withheldTenants.add(id);
    if (packed === undefined || packed === withheld) return;
    const tenant = unpackTenant(packed);
    tenants.set(id, tenant);
    if (tenant.alias !== undefined) byAlias.set(tenant.alias, id);
    for (const { subjectDn } of tenant.trustAnchors ?? [])
      byTrustAnchor.set(subjectDn, (byTrustAnchor.get(subjectDn) ?? new Set()).add(id));
  }

  function applyOne([kind, tenant, name, packed]: EntryChange): RegistryChange {
    if (kind === 'tenant') {
      setTenant(tenant, packed);
      return { type: 'tenant', tenant: tenant as TenantId };
    }
    const of = entries.get(tenant) ?? noEntries<string>();
    entries.set(tenant, of);
    if (packed === undefined) of[kind].delete(name);
    else of[kind].set(name, packed);
    if (Object.values(of).every(({ size }) => size === 0)) entries.delete(tenant);
    return kind === 'device'
      ? { type: 'device', device: { tenant: tenant as TenantId, device: name as DeviceId } }
      : { type: 'credentials', tenant: tenant as TenantId, credentialsType: kind, authId: name };
  }

  return {
    apply: (changes) => changes.map(applyOne),
    getTenant: async (id) => (withheldTenants.has(id) ? uncertain : answer(tenants.get(id))),
    async getTenantByName(name) {
      const found = tenants.get(name) ?? tenants.get(byAlias.get(name) ?? '');
      if (found) return answer(found);
      // A tenant that is withheld may have it as its alias.
      const isPossible = withheldTenants.has(name) || (withheldTenants.size > 0 && tenantLabel.test(name));
      return isPossible ? uncertain : { status: 'not-found' };
    },
    async getTenantByTrustAnchor(subjectDn) {
      const [id, other] = byTrustAnchor.get(subjectDn) ?? [];
      // A tenant that is withheld may trust it.
      if (id === undefined && withheldTenants.size > 0) return uncertain;
      return answer(id === undefined || other !== undefined ? undefined : tenants.get(id));
    },
    async getCredentials({ tenant, type, authId }) {
      const packed = entries.get(tenant)?.[type].get(authId);
      if (packed === withheld) return uncertain;
      return answer(packed === undefined ? undefined : unpackCredentials(type, tenant, authId, packed));
    },
    assertRegistration: async (
      { tenant, device }: DeviceRef,
      gateway?: DeviceId,
    ): Promise<AssertionAnswer> => {
      const devices = entries.get(tenant)?.device;
      const packed = devices?.get(device);
      const packedGateway = gateway === undefined ? undefined : devices?.get(gateway);
      if (packed === withheld || packedGateway === withheld) return uncertain;
      const found = deviceIn(packed, tenant, device);
      if (gateway !== undefined) {
        if (!deviceIn(packedGateway, tenant, gateway)?.enabled) return { status: 'not-authorized' };
        if (found?.enabled && !found.via.includes(gateway)) return { status: 'not-authorized' };
      }
      return found?.enabled ? { status: 'found', value: found.registration } : { status: 'not-found' };
    },
  };
}

function deviceIn(packed: string | undefined, tenant: string, id: string): RegisteredDevice | undefined {
  return packed === undefined ? undefined : unpackDevice(tenant, id, packed);
}

function answer<Value>(value: Value | undefined): Answer<Value> {
  return value === undefined ? { status: 'not-found' } : { status: 'found', value };
}

import { isDeepStrictEqual } from 'node:util';
import { credentialsTypes, type RegistryChange, type TenantId } from '@rollcall/core';
import type { IndexedTenant, RegistryIndex } from './registry-index.ts';

/** What changed between two contents of a registry: tenants whose own settings did, single devices, and single credentials. */
export function diffRegistries(before: RegistryIndex, after: RegistryIndex): readonly RegistryChange[] {
  const changes: RegistryChange[] = [];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(id);
    const now = after.get(id);
    const known = old ?? now;
    if (!known) continue;
    const tenant = known.tenant.id;
    if (!isDeepStrictEqual(old?.tenant, now?.tenant)) changes.push({ type: 'tenant', tenant });
    changes.push(...deviceChanges(old, now), ...credentialsChanges(tenant, old, now));
  }
  return changes;
}

function deviceChanges(
  old: IndexedTenant | undefined,
  now: IndexedTenant | undefined,
): readonly RegistryChange[] {
  return [...changedEntries(old?.devices, now?.devices)].map(([, { registration }]) => ({
    type: 'device',
    device: registration.device,
  }));
}

function credentialsChanges(
  tenant: TenantId,
  old: IndexedTenant | undefined,
  now: IndexedTenant | undefined,
): readonly RegistryChange[] {
  return credentialsTypes.flatMap((credentialsType) =>
    [...changedEntries<unknown>(old?.credentials[credentialsType], now?.credentials[credentialsType])].map(
      ([authId]): RegistryChange => ({ type: 'credentials', tenant, credentialsType, authId }),
    ),
  );
}

/** Entries that came, went, or are different now; as they are now, or were. */
function* changedEntries<Value>(
  before: ReadonlyMap<string, Value> = new Map(),
  after: ReadonlyMap<string, Value> = new Map(),
): Generator<readonly [key: string, value: Value]> {
  for (const [key, value] of before)
    if (!isDeepStrictEqual(value, after.get(key))) yield [key, after.get(key) ?? value];
  for (const [key, value] of after) if (!before.has(key)) yield [key, value];
}

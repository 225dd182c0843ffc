import { isDeepStrictEqual } from 'node:util';
import type { Credentials, RegistryChange } from '@rollcall/core';
import type { IndexedDevice, IndexedTenant, RegistryIndex } from './registry-index.ts';

/** What changed between two contents of a registry: tenants whose own settings did, and single devices. */
export function diffRegistries(before: RegistryIndex, after: RegistryIndex): readonly RegistryChange[] {
  const changes: RegistryChange[] = [];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(id);
    const now = after.get(id);
    const known = old ?? now;
    if (!known) continue;
    if (!isDeepStrictEqual(old?.tenant, now?.tenant))
      changes.push({ type: 'tenant', tenant: known.tenant.id });
    changes.push(...deviceChanges(old, now));
  }
  return changes;
}

function deviceChanges(
  old: IndexedTenant | undefined,
  now: IndexedTenant | undefined,
): readonly RegistryChange[] {
  const before = describeDevices(old);
  const after = describeDevices(now);
  const changes: RegistryChange[] = [];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const one = before.get(id);
    const other = after.get(id);
    const known = other ?? one;
    if (known && !isDeepStrictEqual(one, other))
      changes.push({ type: 'device', device: known.indexed.registration.device });
  }
  return changes;
}

interface DeviceDescription {
  readonly indexed: IndexedDevice;
  readonly credentials: Credentials[];
}

/** Everything about each device of a tenant in one place. */
function describeDevices(tenant: IndexedTenant | undefined): ReadonlyMap<string, DeviceDescription> {
  const descriptions = new Map<string, DeviceDescription>();
  for (const [id, indexed] of tenant?.devices ?? []) descriptions.set(id, { indexed, credentials: [] });
  for (const ofOneType of Object.values<ReadonlyMap<string, Credentials>>(tenant?.credentials ?? {}))
    for (const each of ofOneType.values()) descriptions.get(each.device.device)?.credentials.push(each);
  return descriptions;
}

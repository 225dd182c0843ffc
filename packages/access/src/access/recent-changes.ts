import type { DeviceRef } from '@rollcall/core';
import { credentialsTypes, type CredentialsType, type RegistryChange } from '@rollcall/core/registry';
import type { AuthenticatedDevice } from '../authentication-result.ts';

/** Changes of the registry that are remembered; who was let in before is taken to be concerned. */
const maxRemembered = 1_000;

/** Says whether the registry changed while a device was being let in: what was looked up for it may be out of date. */
export interface RecentChanges {
  /** Changes so far. */
  readonly count: number;
  add(change: RegistryChange): void;
  /** Whether any change after the first `count` ones concerns the device. */
  concern(identity: AuthenticatedDevice, count: number): boolean;
}

export function createRecentChanges(): RecentChanges {
  /** By what they concern, the latest last. */
  const latest = new Map<string, number>();
  let count = 0;
  let forgotten = 0;

  return {
    get count() {
      return count;
    },
    add(change) {
      count += 1;
      const key = keyOfChange(change);
      if (key === undefined) {
        latest.clear();
        forgotten = count;
        return;
      }
      // Put last: a Map keeps the order of insertion.
      latest.delete(key);
      latest.set(key, count);
      if (latest.size <= maxRemembered) return;
      const [oldest] = latest;
      if (!oldest) return;
      latest.delete(oldest[0]);
      forgotten = oldest[1];
    },
    concern(identity, since) {
      if (since === count) return false;
      return since < forgotten || keysOfDevice(identity).some((key) => (latest.get(key) ?? 0) > since);
    },
  };
}

/** What a change is filed under; `undefined`: it concerns everybody. */
export function keyOfChange(change: RegistryChange): string | undefined {
  switch (change.type) {
    case 'everything':
      return undefined;
    case 'tenant':
      return JSON.stringify([change.tenant]);
    case 'device':
      return keyOf(change.device);
    case 'credentials':
      return keyOfCredentials(change.tenant, change.credentialsType, change.authId);
    default:
      return change satisfies never;
  }
}

/** As {@link keyOfChange}, for {@link keysOfLease}. */
export function leaseKeyOfChange(change: RegistryChange): string | undefined {
  return change.type === 'credentials'
    ? keyOfCredentials(change.tenant, undefined, change.authId)
    : keyOfChange(change);
}

/** What the changes that concern the device are filed under. */
export function keysOfDevice({ device, authId, proof }: AuthenticatedDevice): readonly string[] {
  const [ofTenant, ofDevice] = [JSON.stringify([device.tenant]), keyOf(device)];
  // Nothing is spread into this array: it is kept for each device, and would have room for twenty then.
  if (proof) return [ofTenant, ofDevice, keyOfCredentials(device.tenant, proof.type, proof.authId)];
  return [
    ofTenant,
    ofDevice,
    ...credentialsTypes.map((type) => keyOfCredentials(device.tenant, type, authId)),
  ];
}

/** The same for a lease, which goes on whichever credentials the device proves next time: those of all types have one key. */
export function keysOfLease({
  device,
  authId,
}: Pick<AuthenticatedDevice, 'device' | 'authId'>): readonly string[] {
  return [JSON.stringify([device.tenant]), keyOf(device), keyOfCredentials(device.tenant, undefined, authId)];
}

function keyOfCredentials(tenant: string, type: CredentialsType | undefined, authId: string): string {
  return JSON.stringify([tenant, type, authId]);
}

function keyOf({ tenant, device }: DeviceRef): string {
  return JSON.stringify([tenant, device]);
}

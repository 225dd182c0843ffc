import { createHash, randomBytes } from 'node:crypto';
import {
  deviceRef,
  type AdapterSettings,
  type Credentials,
  type DeviceRef,
  type PasswordSecret,
  type Registration,
  type ResourceLimits,
  type Tenant,
  type TenantId,
  type Timestamp,
} from '@rollcall/core';
import type { CredentialsContent, DeviceContent, RegistryContent, TenantContent } from './schema.ts';

export interface IndexedDevice {
  readonly registration: Registration;
  readonly enabled: boolean;
  readonly via: ReadonlySet<string>;
}

export interface IndexedTenant {
  readonly tenant: Tenant;
  readonly devices: ReadonlyMap<string, IndexedDevice>;
  /** By `type`, a line feed, and `auth-id`. */
  readonly credentials: ReadonlyMap<string, Credentials>;
}

/** A registry file's content, as it is looked up. */
export type RegistryIndex = ReadonlyMap<string, IndexedTenant>;

export function credentialsKey(type: string, authId: string): string {
  return `${type}\n${authId}`;
}

/** Prepares a valid content for look-ups. Plain passwords are hashed here and kept nowhere. */
export function indexRegistry(content: RegistryContent): RegistryIndex {
  return new Map(content.tenants.map((tenant) => [tenant['tenant-id'], indexTenant(tenant)]));
}

function indexTenant(content: TenantContent): IndexedTenant {
  const id = content['tenant-id'];
  const credentials = content.devices.flatMap((device) =>
    device.credentials.map((each) => toCredentials(deviceRef(id, device['device-id']), each)),
  );
  return {
    tenant: {
      id: id as TenantId,
      enabled: content.enabled,
      defaults: content.defaults,
      limits: toLimits(content['resource-limits']),
      ...presenceInterval(content.ext),
      ...(content.adapters && { adapters: content.adapters.map(toAdapterSettings) }),
    },
    devices: new Map(content.devices.map((device) => [device['device-id'], indexDevice(id, device)])),
    credentials: new Map(credentials.map((each) => [credentialsKey(each.type, each.authId), each])),
  };
}

function indexDevice(tenant: string, content: DeviceContent): IndexedDevice {
  return {
    registration: {
      device: deviceRef(tenant, content['device-id']),
      defaults: content.defaults,
      ...presenceInterval(content.ext),
    },
    enabled: content.enabled,
    via: new Set(content.via),
  };
}

function presenceInterval(ext: DeviceContent['ext']): { readonly presenceIntervalSeconds?: number } {
  const seconds = ext?.['presence-interval'];
  return seconds === undefined ? {} : { presenceIntervalSeconds: seconds };
}

function toAdapterSettings({
  type,
  enabled,
  ext,
}: NonNullable<TenantContent['adapters']>[number]): AdapterSettings {
  return { type, enabled, ext };
}

function toLimits(limits: TenantContent['resource-limits']): ResourceLimits {
  const entries = [
    ['maxConnections', limits['max-connections']],
    ['maxTtlSeconds', limits['max-ttl']],
    ['maxTtlTelemetryQos0Seconds', limits['max-ttl-telemetry-qos0']],
    ['maxTtlTelemetryQos1Seconds', limits['max-ttl-telemetry-qos1']],
  ] as const;
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== -1));
}

function toCredentials(device: DeviceRef, content: CredentialsContent): Credentials {
  return {
    device,
    type: content.type,
    authId: content['auth-id'],
    enabled: content.enabled,
    secrets:
      content.type === 'hashed-password'
        ? content.secrets.filter(({ enabled }) => enabled).map(toSecret)
        : [],
  };
}

type PasswordContent = Extract<CredentialsContent, { type: 'hashed-password' }>['secrets'][number];

function toSecret(content: PasswordContent): PasswordSecret {
  const validity = {
    ...(content['not-before'] !== undefined && { notBefore: content['not-before'] as Timestamp }),
    ...(content['not-after'] !== undefined && { notAfter: content['not-after'] as Timestamp }),
  };
  const plain = content['pwd-plain'];
  if (plain !== undefined) {
    const salt = randomBytes(16);
    const pwdHash = createHash('sha256').update(salt).update(plain, 'utf8').digest('base64');
    return { ...validity, hashFunction: 'sha-256', pwdHash, salt: salt.toString('base64') };
  }
  return {
    ...validity,
    hashFunction: content['hash-function'],
    pwdHash: content['pwd-hash'] ?? '',
    ...(content.salt !== undefined && { salt: content.salt }),
  };
}

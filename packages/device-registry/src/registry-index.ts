import {
  deviceRef,
  type AdapterSettings,
  type Registration,
  type ResourceLimits,
  type Tenant,
  type TenantId,
} from '@rollcall/core';
import { indexCredentials, type CredentialsIndex } from './index-credentials.ts';
import type { DeviceContent, RegistryContent, TenantContent } from './schema.ts';

interface IndexedDevice {
  readonly registration: Registration;
  readonly enabled: boolean;
  readonly via: ReadonlySet<string>;
}

export interface IndexedTenant {
  readonly tenant: Tenant;
  readonly devices: ReadonlyMap<string, IndexedDevice>;
  readonly credentials: CredentialsIndex;
}

/** A registry file's content, as it is looked up. */
export type RegistryIndex = ReadonlyMap<string, IndexedTenant>;

/** Prepares a valid content for look-ups. `saltKey` is as for {@link indexCredentials}. */
export function indexRegistry(content: RegistryContent, saltKey: Uint8Array): RegistryIndex {
  return new Map(content.tenants.map((tenant) => [tenant['tenant-id'], indexTenant(tenant, saltKey)]));
}

function indexTenant(content: TenantContent, saltKey: Uint8Array): IndexedTenant {
  const id = content['tenant-id'];
  return {
    tenant: {
      id: id as TenantId,
      enabled: content.enabled,
      defaults: content.defaults,
      limits: toLimits(content['resource-limits']),
      ...declared(content.ext),
      ...(content.adapters && { adapters: content.adapters.map(toAdapterSettings) }),
      ...(content['trusted-ca'].length > 0 && { trustAnchors: content['trusted-ca'] }),
    },
    devices: new Map(content.devices.map((device) => [device['device-id'], indexDevice(id, device)])),
    credentials: indexCredentials(id, content.devices, saltKey),
  };
}

function indexDevice(tenant: string, content: DeviceContent): IndexedDevice {
  return {
    registration: {
      device: deviceRef(tenant, content['device-id']),
      defaults: content.defaults,
      ...declared(content.ext),
    },
    enabled: content.enabled,
    via: new Set(content.via),
  };
}

function declared(
  ext: DeviceContent['ext'],
): Pick<Registration, 'presenceIntervalSeconds' | 'presenceProbe' | 'maxConnectionsPerDevice'> {
  const seconds = ext?.['presence-interval'];
  const probe = ext?.['presence-probe'];
  const maxConnections = ext?.['max-connections-per-device'];
  return {
    ...(seconds !== undefined && { presenceIntervalSeconds: seconds }),
    ...(probe !== undefined && { presenceProbe: probe }),
    ...(maxConnections !== undefined && { maxConnectionsPerDevice: maxConnections }),
  };
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

/** Tenants by the names of their trust anchors; no two tenants have the same one. */
export function indexTrustAnchors(index: RegistryIndex): ReadonlyMap<string, Tenant> {
  return new Map(
    [...index.values()].flatMap(({ tenant }) =>
      (tenant.trustAnchors ?? []).map(({ subjectDn }) => [subjectDn, tenant] as const),
    ),
  );
}

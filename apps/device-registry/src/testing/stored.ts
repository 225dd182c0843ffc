import type { DeviceContent, TenantContent, TrustedCaContent } from '../store/registry-content.ts';
import type { DeviceStatus, StoredDevice, StoredTenant } from '../store/registry-store.ts';

/** A stored tenant. */
export function storedTenant(id: string, content: TenantContent = {}): StoredTenant {
  return { id, content, version: 'v1' };
}

/** A stored device of the tenant `acme`. */
export function storedDevice(
  id: string,
  content: DeviceContent = {},
  status: Partial<DeviceStatus> = {},
): StoredDevice {
  return {
    tenant: 'acme',
    id,
    content,
    version: 'v1',
    status: { createdAt: 0, autoProvisioned: false, provisioningEventSent: false, ...status },
  };
}

/** An authority that is valid in 2026. */
export function trustedCa(content: Partial<TrustedCaContent> = {}): TrustedCaContent {
  return {
    id: 'ca-1',
    'subject-dn': 'CN=ca,O=Acme',
    'public-key': 'a2V5',
    algorithm: 'EC',
    'not-before': '2026-01-01T00:00:00Z',
    'not-after': '2027-01-01T00:00:00Z',
    ...content,
  };
}

import type { CredentialContent, DeviceContent, TenantContent } from '../registry-content.ts';
import type { StoredDevice, StoredTenant } from '../registry-store.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Columns that {@link tenantIn} reads. */
export const tenantColumns = 'id, content, version';

export function tenantIn(row: Row): StoredTenant {
  return {
    id: String(row['id']),
    content: JSON.parse(String(row['content'])) as TenantContent,
    version: String(row['version']),
  };
}

/** Columns that {@link deviceIn} reads. */
export const deviceColumns =
  'tenant, id, content, version, created_at, updated_at, auto_provisioned, provisioning_told';

export function deviceIn(row: Row): StoredDevice {
  return {
    tenant: String(row['tenant']),
    id: String(row['id']),
    content: JSON.parse(String(row['content'])) as DeviceContent,
    version: String(row['version']),
    status: {
      createdAt: Number(row['created_at']),
      ...(row['updated_at'] !== null && { updatedAt: Number(row['updated_at']) }),
      autoProvisioned: row['auto_provisioned'] === 1,
      provisioningEventSent: row['provisioning_told'] === 1,
    },
  };
}

export function credentialIn(row: Row): CredentialContent {
  return JSON.parse(String(row['content'])) as CredentialContent;
}

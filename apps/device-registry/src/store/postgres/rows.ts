import type { DeviceContent, TenantContent } from '../registry-content.ts';
import type { StoredDevice, StoredTenant } from '../registry-store.ts';

export const tenantColumns = 'id, content, version';

export interface TenantRow {
  readonly id: string;
  readonly content: TenantContent;
  readonly version: string;
}

export function tenantIn({ id, content, version }: TenantRow): StoredTenant {
  return { id, content, version };
}

/** Columns that {@link deviceIn} reads. */
export const deviceColumns =
  'tenant, id, content, version, created_at, updated_at, auto_provisioned, provisioning_told';

export interface DeviceRow {
  readonly tenant: string;
  readonly id: string;
  readonly content: DeviceContent;
  readonly version: string;
  readonly created_at: number;
  readonly updated_at: number | null;
  readonly auto_provisioned: boolean;
  readonly provisioning_told: boolean;
}

export function deviceIn(row: DeviceRow): StoredDevice {
  const { tenant, id, content, version } = row;
  return {
    ...{ tenant, id, content, version },
    status: {
      createdAt: row.created_at,
      ...(row.updated_at !== null && { updatedAt: row.updated_at }),
      autoProvisioned: row.auto_provisioned,
      provisioningEventSent: row.provisioning_told,
    },
  };
}

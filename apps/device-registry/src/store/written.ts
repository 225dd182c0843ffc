import type { DeviceContent, TenantContent } from './registry-content.ts';
import type { StoredChange, WriteOutcome } from './registry-write.ts';

/** The outcome of a write, and the changes that it made: none if it was not done. */
export interface Written {
  readonly outcome: WriteOutcome;
  readonly changes: readonly StoredChange[];
}

export function done(...changes: StoredChange[]): Written {
  return { outcome: { status: 'done' }, changes };
}

export function notDone(outcome: Exclude<WriteOutcome, { status: 'done' }>): Written {
  return { outcome, changes: [] };
}

/** Whether a write may replace what has this version. */
export function isExpected(version: string, expected: readonly string[] | undefined): boolean {
  return expected === undefined || expected.includes(version);
}

export function tenantChange(
  change: 'create' | 'update',
  tenant: string,
  content: TenantContent,
): StoredChange {
  return {
    ...{ type: 'tenant', change, tenant },
    enabled: content.enabled ?? true,
    invalidateCacheOnUpdate: content.ext?.['invalidate-cache-on-update'] === true,
  };
}

export function tenantGone(tenant: string): StoredChange {
  return { type: 'tenant', change: 'delete', tenant, enabled: false, invalidateCacheOnUpdate: true };
}

export function deviceChange(
  change: 'create' | 'update',
  of: { readonly tenant: string; readonly device: string; readonly content: DeviceContent },
): StoredChange {
  const { tenant, device, content } = of;
  return { type: 'device', change, tenant, device, enabled: content.enabled ?? true };
}

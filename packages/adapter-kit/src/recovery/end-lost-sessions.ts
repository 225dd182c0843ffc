import type { DeviceRegistry, Log, Tenant, TenantId } from '@rollcall/core';
import type { OpenEntry } from '../journal/journal.ts';
import { lastKnownTenant } from './last-known-tenant.ts';

/** Sessions end with the process that held them. Leases live on, and are left out here. */
export async function endLostSessions(
  open: readonly OpenEntry[],
  registry: DeviceRegistry,
  log: Log,
  end: (entry: OpenEntry, tenant: Tenant) => void,
): Promise<void> {
  const lost = open.filter(({ event }) => event.basis.kind === 'session');
  if (lost.length === 0) return;
  const tenants = new Map<TenantId, Tenant>();
  for (const entry of lost) {
    const { tenant } = entry.event.device;
    const known = tenants.get(tenant) ?? (await lastKnownTenant(tenant, registry));
    tenants.set(tenant, known);
    end(entry, known);
  }
  log.warn({ connections: lost.length }, 'an earlier run ended without notice: its sessions are lost');
}

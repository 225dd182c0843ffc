import {
  within,
  type Clock,
  type DeviceRegistry,
  type Log,
  type Tenant,
  type TenantId,
} from '@rollcall/core';
import type { OpenEntry, Recovered } from '../journal/journal.ts';
import { lastKnownTenant } from './last-known-tenant.ts';

/** How long the next ones wait for a journal that does not answer. */
const patienceMs = 1_000;

/**
 * Sessions end with the process that held them, some at a time. Leases live on: they are the result.
 *
 * @param end resolves when the end is safe; `undefined` says that it is already.
 */
export async function endLostSessions(
  recovered: Pick<Recovered, 'open'>,
  { registry, clock, log }: { readonly registry: DeviceRegistry; readonly clock: Clock; readonly log: Log },
  end: (entry: OpenEntry, tenant: Tenant) => Promise<void> | undefined,
): Promise<readonly OpenEntry[]> {
  const tenants = new Map<TenantId, Tenant>();
  const leases: OpenEntry[] = [];
  let connections = 0;
  let committed: Promise<void> | undefined;
  for await (const batch of recovered.open()) {
    // However many they are, few of them are in memory at a time.
    if (committed) await within(committed, patienceMs, clock);
    for (const entry of batch) {
      if (entry.event.basis.kind !== 'session') {
        leases.push(entry);
        continue;
      }
      const { tenant } = entry.event.device;
      const known = tenants.get(tenant) ?? (await lastKnownTenant(tenant, registry));
      tenants.set(tenant, known);
      committed = end(entry, known);
      connections += 1;
    }
  }
  if (connections > 0)
    log.warn({ connections }, 'an earlier run ended without notice: its sessions are lost');
  return leases;
}

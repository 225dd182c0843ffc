import {
  within,
  type Clock,
  type ConnectionId,
  type DeviceRegistry,
  type Log,
  type Tenant,
  type TenantId,
} from '@rollcall/core';
import type { OpenEntry, Recovered } from '../journal/journal.ts';
import { lastKnownTenant } from './last-known-tenant.ts';

/** How long the next ones wait for a journal that does not answer. */
const patienceMs = 1_000;

export interface LostSessionsOptions {
  readonly registry: DeviceRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Who tells the endings of an incarnation. Where that is not known, this process does. */
  whose(instance: string): Promise<'ours' | 'others' | 'unknown'>;
  /** Resolves when the end is safe; `undefined` says that it is already. */
  end(entry: OpenEntry, tenant: Tenant): Promise<void> | undefined;
}

export interface LostSessions {
  /** They live on. */
  readonly leases: readonly OpenEntry[];
  /** Sessions that were told to have ended, or will be, by others. */
  readonly byOthers: readonly ConnectionId[];
  /** Incarnations whose sessions were ended here. */
  readonly ours: readonly string[];
  /** Resolves when those endings are safe. */
  readonly safe: Promise<unknown>;
}

/** Sessions end with the process that held them, some at a time. Leases live on. */
export async function endLostSessions(
  recovered: Pick<Recovered, 'open'>,
  { registry, clock, log, whose, end }: LostSessionsOptions,
): Promise<LostSessions> {
  const tenants = new Map<TenantId, Tenant>();
  const verdicts = new Map<string, Awaited<ReturnType<typeof whose>>>();
  const leases: OpenEntry[] = [];
  const byOthers: ConnectionId[] = [];
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
      const { instance } = entry.event.adapter;
      const verdict = verdicts.get(instance) ?? (await whose(instance));
      verdicts.set(instance, verdict);
      if (verdict === 'others') {
        byOthers.push(entry.event.connectionId);
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
  if (byOthers.length > 0)
    log.info(
      { connections: byOthers.length },
      'others of the fleet told that sessions of an earlier run are lost',
    );
  const ours = [...verdicts].flatMap(([instance, verdict]) => (verdict === 'ours' ? [instance] : []));
  // The journal keeps them in their order: the last one is safe after all others.
  return { leases, byOthers, ours, safe: committed ?? Promise.resolve() };
}

import type { HeardInstance, InstancesPage } from '../presence-store.ts';
import type { InstanceRow } from './heard-instances.ts';

/** With the number of its open connections. */
export type CountedRow = InstanceRow & { readonly connections: number };

/** @param rows `limit` + 1 rows if there is another page. */
export function instancesPage(rows: readonly CountedRow[], limit: number): InstancesPage {
  const instances = rows.slice(0, limit).map(heardInstance);
  const last = instances.at(-1);
  if (rows.length <= limit || !last) return { instances };
  return { instances, next: { adapterId: last.adapterId, instance: last.instance } };
}

function heardInstance(row: CountedRow): HeardInstance {
  return {
    adapterId: row.adapter_id,
    instance: row.instance,
    adapterType: row.adapter_type,
    heardAtMs: row.heard_at,
    connections: row.connections,
    ...(row.announced_at !== null && { announcedAtMs: row.announced_at }),
    ...(row.interval !== null && { announceIntervalMs: row.interval }),
  };
}

import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import { heardInstances, instanceKeptMs } from '../fold/heard-instances.ts';
import { instancesPage, type CountedRow } from '../fold/instances-page.ts';
import type { InstancesPage, InstancesQuery } from '../presence-store.ts';
import { columns } from './columns.ts';
import type { Client, Queries } from '@rollcall/postgres';

/** Notes which incarnations published the events of a batch. Later times that another replica noted are kept. */
export async function saveInstances(
  client: Client,
  events: readonly (ReceivedEvent | HonoConnectionEvent)[],
  nowMs: number,
): Promise<void> {
  const heard = heardInstances(events, nowMs);
  if (heard.length === 0) return;
  const { values, unnest } = columns(heard, {
    adapter_id: 'text',
    instance: 'text',
    adapter_type: 'text',
    heard_at: 'bigint',
    announced_at: 'bigint',
    interval: 'bigint',
  });
  await client.query(
    `INSERT INTO instances AS i (adapter_id, instance, adapter_type, heard_at, announced_at, interval)
     SELECT adapter_id, instance, adapter_type, heard_at, announced_at, "interval" FROM ${unnest} AS h
     ON CONFLICT (adapter_id, instance) DO UPDATE SET
       heard_at = greatest(i.heard_at, excluded.heard_at),
       announced_at = greatest(i.announced_at, excluded.announced_at),
       interval = CASE WHEN excluded.announced_at >= coalesce(i.announced_at, 0) THEN excluded.interval ELSE i.interval END`,
    values,
  );
}

export async function readInstances(
  queries: Queries,
  { adapterId, instance, limit, after }: InstancesQuery,
): Promise<InstancesPage> {
  const { rows } = await queries.query<CountedRow>(
    `SELECT i.*, coalesce((SELECT number FROM open_by_instance o
       WHERE o.adapter_id = i.adapter_id AND o.instance = i.instance), 0) AS connections
     FROM instances i WHERE (adapter_id, instance) > ($1, $2)
       AND ($3::text IS NULL OR adapter_id = $3) AND ($4::text IS NULL OR instance = $4)
     ORDER BY adapter_id, instance LIMIT $5`,
    [after?.adapterId ?? '', after?.instance ?? '', adapterId ?? null, instance ?? null, limit + 1],
  );
  return instancesPage(rows, limit);
}

/** Drops all that are too old at once: there are few. */
export async function dropInstances(client: Client, nowMs: number): Promise<void> {
  await client.query('DELETE FROM instances WHERE heard_at < $1', [nowMs - instanceKeptMs]);
}

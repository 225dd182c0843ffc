import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import { AdapterBook, adapterRow, heardOf, type AdapterRow, type Heard } from '../fold/adapter-book.ts';
import { columns } from './columns.ts';
import type { Client } from '@rollcall/postgres';

interface SilentRow extends AdapterRow {
  readonly is_silent: boolean;
}

/** Reads the adapters that published the events of a batch. */
export async function adaptersOf(
  client: Client,
  events: readonly (ReceivedEvent | HonoConnectionEvent)[],
  announceIntervalMs: number,
): Promise<AdapterBook> {
  const keys = new Map<string, { readonly tenant: string; readonly adapter: string }>();
  for (const event of events)
    if (event.type !== 'hono') {
      const key = { tenant: event.device.tenant, adapter: event.adapter.id };
      keys.set(JSON.stringify(key), key);
    }
  const { values, unnest } = columns([...keys.values()], { tenant: 'text', adapter: 'text' });
  const { rows } = await client.query<SilentRow>(
    `SELECT a.* FROM adapters a JOIN ${unnest} AS k ON a.tenant = k.tenant AND a.adapter_id = k.adapter`,
    values,
  );
  return bookOf(rows, announceIntervalMs);
}

/** Reads the adapters of a tenant, to judge its connections. No event is added to the result, so it needs no default interval. */
export async function adaptersOfTenant(client: Client, tenant: string): Promise<AdapterBook> {
  const { rows } = await client.query<SilentRow>('SELECT * FROM adapters WHERE tenant = $1', [tenant]);
  return bookOf(rows, 0);
}

function bookOf(rows: readonly SilentRow[], announceIntervalMs: number): AdapterBook {
  return new AdapterBook(
    announceIntervalMs,
    rows.map((row) => Object.assign(heardOf(row), { isSilent: row.is_silent })),
  );
}

/** @param recheck adapters whose connections must all be checked again. */
export async function saveAdapters(
  client: Client,
  adapters: AdapterBook,
  recheck: ReadonlySet<Heard>,
): Promise<void> {
  const changed = adapters.takeChanged();
  if (changed.length === 0) return;
  const { unnest, values } = columns(
    changed.map((heard) =>
      Object.assign(adapterRow(heard), {
        is_silent: heard.isSilent,
        look_after: recheck.has(heard) ? '' : null,
      }),
    ),
    {
      tenant: 'text',
      adapter_id: 'text',
      last_heard: 'bigint',
      interval: 'bigint',
      listened: 'bigint',
      last_announcement: 'bigint',
      new_instance: 'text',
      new_epoch: 'text',
      closed_through: 'text',
      is_silent: 'boolean',
      look_after: 'text',
    },
  );
  await client.query(
    `INSERT INTO adapters (tenant, adapter_id, last_heard, interval, listened, last_announcement, new_instance,
       new_epoch, closed_through, is_silent, look_after)
     SELECT tenant, adapter_id, last_heard, "interval", listened, last_announcement, new_instance,
       new_epoch, closed_through, is_silent, look_after FROM ${unnest} AS a
     ON CONFLICT (tenant, adapter_id) DO UPDATE SET last_heard = excluded.last_heard, interval = excluded.interval,
       listened = excluded.listened, last_announcement = excluded.last_announcement,
       new_instance = excluded.new_instance, new_epoch = excluded.new_epoch,
       closed_through = excluded.closed_through, is_silent = excluded.is_silent,
       look_after = coalesce(excluded.look_after, adapters.look_after)`,
    values,
  );
}

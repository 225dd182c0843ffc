import type { Client } from '@rollcall/postgres';
import { takenOverBefore } from '../fold/connection-row.ts';
import { droppedThroughName } from '../fold/dropped-through-name.ts';
import type { KeptHistory } from '../presence-store.ts';
import { adaptersOfTenant, saveAdapters } from './adapters.ts';
import { columns } from './columns.ts';
import { isInEndingsInTime } from './schema.ts';

/** A connection that ended before the retention of its tenant. */
interface ScannedRow {
  readonly device: string;
  readonly id: string;
  readonly ended_at: number;
  /** Whether its ending is the latest of its device: that one is kept for as long as the device is known. */
  readonly is_kept: boolean;
}

interface DroppedRow {
  readonly device: string;
  readonly adapter_id: string;
  readonly epoch: string;
  readonly holder: string | null;
}

/**
 * The bounds of one transaction, for which writers wait: rows that it drops, and rows that it reads for that. The latest ending of each
 * device is not dropped.
 */
const maxDropped = 500;
const maxScanned = 4_000;

/** How far this replica has read; the next call continues there. */
interface ScanPosition {
  readonly tenant: string;
  readonly endedAt: number;
  readonly device: string;
}

const start: ScanPosition = { tenant: '', endedAt: Number.MIN_SAFE_INTEGER, device: '' };

/** Drops connections whose retention is over. */
export class OldConnections {
  #position = start;

  /** @returns how many were dropped; the next call drops more. */
  async drop(client: Client, { defaultMs, tenantMs }: KeptHistory, nowMs: number): Promise<number> {
    let dropped = 0;
    let scanned = 0;
    const { rows: tenants } = await client.query<{ readonly tenant: string }>(
      'SELECT DISTINCT tenant FROM adapters WHERE tenant >= $1 ORDER BY tenant',
      [this.#position.tenant],
    );
    for (const { tenant } of tenants) {
      if (tenant !== this.#position.tenant) this.#position = { ...start, tenant };
      const before = nowMs - (tenantMs.get(tenant) ?? defaultMs);
      const rows = await look(client, this.#position, before, maxScanned - scanned);
      const some = upTo(rows, maxDropped - dropped);
      await dropOf(
        client,
        tenant,
        some.filter((row) => !row.is_kept),
        nowMs,
      );
      const last = some.at(-1);
      if (last) this.#position = { tenant, endedAt: last.ended_at, device: last.device };
      scanned += rows.length;
      dropped += some.filter((row) => !row.is_kept).length;
      if (dropped === maxDropped || scanned === maxScanned) return dropped;
    }
    this.#position = start;
    return dropped;
  }
}

/** The first rows, up to the one with which `most` rows are to be dropped. */
function upTo(rows: readonly ScannedRow[], most: number): readonly ScannedRow[] {
  let found = 0;
  const end = rows.findIndex((row) => !row.is_kept && (found += 1) === most);
  return end === -1 ? rows : rows.slice(0, end + 1);
}

/** The oldest rows of a tenant, beginning at the position reached: several rows may have this position, and not all were read. */
async function look(
  client: Client,
  { tenant, endedAt, device }: ScanPosition,
  before: number,
  limit: number,
): Promise<readonly ScannedRow[]> {
  // A subquery looks up one device for each row: for a join, the server might read all devices.
  const { rows } = await client.query<ScannedRow>(
    `SELECT device, id, ended_at, coalesce(id = (SELECT d.last_ending FROM devices d
         WHERE d.tenant = c.tenant AND d.device = c.device), false) AS is_kept
     FROM connections c
     WHERE tenant = $1 AND ended_at < $2 AND (ended_at, device) >= ($3, $4) AND ${isInEndingsInTime}
     ORDER BY ended_at, device LIMIT $5`,
    [tenant, before, endedAt, device, limit],
  );
  return rows;
}

async function dropOf(
  client: Client,
  tenant: string,
  old: readonly ScannedRow[],
  nowMs: number,
): Promise<void> {
  if (old.length === 0) return;
  const { unnest, values } = columns(old, { device: 'text', id: 'text' });
  const { rows } = await client.query<DroppedRow>(
    `DELETE FROM connections c USING ${unnest} AS k WHERE c.tenant = $3 AND c.device = k.device AND c.id = k.id
     RETURNING c.device, c.adapter_id, c.epoch, c.holder`,
    [...values, tenant],
  );
  const last = old.at(-1);
  if (last) await noteDropped(client, tenant, last.ended_at);
  await dropTakenOver(client, tenant, rows);
  await closeThrough(client, tenant, rows, nowMs);
}

async function noteDropped(client: Client, tenant: string, endedAtMs: number): Promise<void> {
  await client.query(
    `INSERT INTO meta VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
       WHERE excluded.value::bigint > meta.value::bigint`,
    [droppedThroughName(tenant), String(endedAtMs)],
  );
}

/** The end of the latest connection of a tenant that was dropped. */
export async function droppedThroughMs(
  client: Pick<Client, 'query'>,
  tenant: string,
): Promise<number | undefined> {
  const { rows } = await client.query<{ readonly value: string }>('SELECT value FROM meta WHERE name = $1', [
    droppedThroughName(tenant),
  ]);
  return rows[0] && Number(rows[0].value);
}

/** Connections that these took over have ended. Only the dropped rows showed that, so they are dropped with them. */
async function dropTakenOver(client: Client, tenant: string, dropped: readonly DroppedRow[]): Promise<void> {
  const held = dropped.flatMap(({ device, holder, epoch }) =>
    holder === null ? [] : [{ device, holder, before: takenOverBefore(epoch) }],
  );
  if (held.length === 0) return;
  const { unnest, values } = columns(held, { device: 'text', holder: 'text', before: 'text' });
  await client.query(
    `DELETE FROM connections c USING ${unnest} AS h WHERE c.tenant = $4 AND c.device = h.device
       AND c.holder = h.holder AND c.epoch < h.before AND c.ended_at IS NULL`,
    [...values, tenant],
  );
}

/** If an event of a dropped connection comes again, it must not open the connection again. */
async function closeThrough(
  client: Client,
  tenant: string,
  dropped: readonly DroppedRow[],
  nowMs: number,
): Promise<void> {
  const adapters = await adaptersOfTenant(client, tenant);
  for (const { adapter_id: adapterId, epoch } of dropped)
    adapters.closeThrough(tenant, adapterId, epoch, nowMs);
  await saveAdapters(client, adapters, new Set());
}

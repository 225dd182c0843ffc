import type { DeviceRef } from '@rollcall/core';
import { AdapterBook } from '../fold/adapter-book.ts';
import { takenOverAfter } from '../fold/connection-row.ts';
import { behindAllWith, maxScanned, storedIn, withoutEvents } from '../fold/device-state.ts';
import {
  historyPage,
  historyColumns,
  storedConnection,
  positionOf,
  type HistoryRow,
} from '../fold/history-page.ts';
import { flappingWithinMs, maxFlapping, summaryOf, type CountRow, type FlapRow } from '../fold/summary.ts';
import type {
  DeviceQuery,
  HistoryQuery,
  PresenceSummary,
  StoredConnection,
  StoredDevice,
} from '../presence-store.ts';
import { isInEndingsInTime } from './schema.ts';
import { adaptersOfTenant } from './adapters.ts';
import { columns } from './columns.ts';
import type { Client } from '@rollcall/postgres';

interface StateRow {
  readonly device: string;
  readonly state: string;
}

/** @returns one entry for each device, in the same order. */
export async function readDevices(
  client: Client,
  devices: readonly DeviceRef[],
): Promise<readonly StoredDevice[]> {
  const { unnest, values } = columns(devices, { tenant: 'text', device: 'text' });
  const { rows } = await client.query<{ readonly state: string | null }>(
    `SELECT d.state FROM ${unnest} AS k LEFT JOIN devices d ON d.tenant = k.tenant AND d.device = k.device
     ORDER BY k.place`,
    values,
  );
  return devices.map(({ tenant, device }, index) => {
    const state = rows[index]?.state;
    return typeof state === 'string' ? storedIn(state) : withoutEvents(tenant, device);
  });
}

export async function readList(
  client: Client,
  tenant: string,
  { status, protocol, reason, sinceMs, q = '', after = '', limit }: DeviceQuery,
): Promise<{ readonly devices: readonly StoredDevice[]; readonly next?: string }> {
  // `last` is the last device that was read: a page may end at a device that does not match.
  const { rows } = await client.query<StateRow & { readonly last: string | null; readonly scanned: number }>(
    `WITH scanned AS (
       SELECT device, status, protocol, reason, since FROM devices
       WHERE tenant = $1 AND device > $2 AND device >= $3 AND device < $4 ORDER BY device LIMIT ${maxScanned}),
     fits AS (
       SELECT device FROM scanned
       WHERE ($5::text IS NULL OR status = $5) AND ($6::text IS NULL OR protocol = $6)
         AND ($7::text IS NULL OR reason = $7) AND ($8::bigint IS NULL OR since >= $8)
       ORDER BY device LIMIT $9)
     SELECT d.device, d.state, NULL AS last, 0 AS scanned FROM fits JOIN devices d ON d.tenant = $1 AND d.device = fits.device
     UNION ALL SELECT '', '', max(device), count(*)::int FROM scanned`,
    [
      tenant,
      after,
      q,
      behindAllWith(q),
      status ?? null,
      protocol ?? null,
      reason ?? null,
      sinceMs ?? null,
      limit + 1,
    ],
  );
  const end = rows.find((row) => row.state === '');
  const fits = rows.filter((row) => row.state !== '').toSorted(byBytes);
  const devices = fits.slice(0, limit).map(({ state }) => storedIn(state));
  if (fits.length > limit) return { devices, next: fits[limit - 1]?.device ?? '' };
  const isMore = end !== undefined && end.scanned === maxScanned && end.last !== null;
  return isMore ? { devices, next: end.last } : { devices };
}

/** The order of the database's collation "C". */
function byBytes(one: StateRow, other: StateRow): number {
  return Buffer.compare(Buffer.from(one.device), Buffer.from(other.device));
}

export async function readHistory(
  client: Client,
  { tenant, device }: DeviceRef,
  { fromMs, toMs, limit, after }: HistoryQuery,
  nowMs: number,
): Promise<{ readonly connections: readonly StoredConnection[]; readonly next?: string }> {
  const [beforeAt, beforeId] = positionOf(after);
  const { rows } = await client.query<HistoryRow>(
    `SELECT ${historyColumns} FROM connections
     WHERE tenant = $1 AND device = $2 AND connected_at <= $3 AND (ended_at IS NULL OR ended_at >= $4)
       AND (connected_at, id) < ($5, $6)
     ORDER BY connected_at DESC, id DESC LIMIT $7`,
    [tenant, device, toMs, fromMs, beforeAt, beforeId, limit + 1],
  );
  const open = rows.slice(0, limit).filter(({ ending }) => ending === null);
  const adapters = open.length === 0 ? new AdapterBook(0) : await adaptersOfTenant(client, tenant);
  const takenOver = await takeoversOf(client, tenant, device, open);
  return historyPage(rows, limit, (row) =>
    storedConnection(tenant, row, adapters, takenOver.get(row.id), nowMs),
  );
}

async function takeoversOf(
  client: Client,
  tenant: string,
  device: string,
  open: readonly HistoryRow[],
): Promise<ReadonlyMap<string, number>> {
  const held = open.flatMap(({ id, holder, epoch }) =>
    holder === null ? [] : [{ id, holder, after: takenOverAfter(epoch) }],
  );
  if (held.length === 0) return new Map();
  const { unnest, values } = columns(held, { id: 'text', holder: 'text', after: 'text' });
  const { rows } = await client.query<{ readonly id: string; readonly at: number }>(
    `SELECT h.id, min(c.connected_at) AS at FROM ${unnest} AS h JOIN connections c
       ON c.tenant = $4 AND c.device = $5 AND c.holder = h.holder AND c.epoch > h.after
     GROUP BY h.id`,
    [...values, tenant, device],
  );
  return new Map(rows.map(({ id, at }) => [id, at]));
}

/** How many devices of a tenant have the same status, protocol, reason and adapter. */
export async function readCounts(client: Client, tenant: string): Promise<readonly CountRow[]> {
  const { rows } = await client.query<CountRow>(
    `SELECT status, nullif(protocol, '') AS protocol, nullif(reason, '') AS reason,
       nullif(adapter_id, '') AS adapter_id, number AS count FROM counts WHERE tenant = $1`,
    [tenant],
  );
  return rows;
}

export async function readSummary(
  client: Client,
  tenant: string,
  flapsPerHour: number,
  nowMs: number,
): Promise<PresenceSummary> {
  const rows = await readCounts(client, tenant);
  const flaps = await client.query<FlapRow>(
    `SELECT device, count(*) AS count FROM (
       SELECT device FROM connections WHERE tenant = $1 AND connected_at > $2
       UNION ALL SELECT device FROM connections WHERE tenant = $1 AND ended_at > $2 AND ${isInEndingsInTime}) AS changes
     GROUP BY device HAVING count(*) > $3 ORDER BY 2 DESC, 1 LIMIT ${maxFlapping}`,
    [tenant, nowMs - flappingWithinMs, flapsPerHour],
  );
  return summaryOf(tenant, rows, flaps.rows);
}

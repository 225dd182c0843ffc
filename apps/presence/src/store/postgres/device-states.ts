import { deviceKey, type DeviceRef } from '@rollcall/core';
import type { Ending } from '@rollcall/client';
import type { HonoConnectionEvent } from '@rollcall/hono-wire';
import { heardOf, isSilent, type AdapterRow } from '../fold/adapter-book.ts';
import { isTakenOver } from '../fold/connection-row.ts';
import { deviceRow, latestOf, maxEndings, type DeviceRow, type EndRow } from '../fold/device-state.ts';
import { columns } from './columns.ts';
import type { Client } from '@rollcall/postgres';

interface OfDevice {
  readonly tenant: string;
  readonly device: string;
}

/** An open connection, joined with its adapter. */
interface OpenRow extends AdapterRow {
  readonly device: string;
  readonly facts: string;
  readonly instance: string;
  readonly epoch: string;
  readonly heard: number;
  readonly announcedAfter: string | null;
  readonly newest: string | null;
}

type EndingRow = OfDevice & EndRow;

interface KnownRow extends OfDevice {
  readonly state: string;
  readonly status: string;
  readonly said: string | null;
}

export interface TouchedDevice {
  readonly device: DeviceRef;
  readonly said?: HonoConnectionEvent;
}

/** Computes the states of devices again from their connections, and writes those that changed. @returns how many changed. */
export async function renewDevices(
  client: Client,
  touched: readonly TouchedDevice[],
  nowMs: number,
): Promise<number> {
  if (touched.length === 0) return 0;
  const keys = columns(
    touched.map(({ device }) => device),
    { tenant: 'text', device: 'text' },
  );
  const open = byDevice(await openOf(client, keys));
  const ends = byDevice(await endsOf(client, keys));
  const known = new Map((await knownOf(client, keys)).map((row) => [keyOf(row), row]));
  const endings = await endingsOf(client, touched, ends);
  const news: (DeviceRow & { readonly isNew: boolean })[] = [];
  const silent: DeviceRef[] = [];
  const heardAgain: DeviceRef[] = [];
  for (const { device, said } of touched) {
    const key = deviceKey(device);
    const before = known.get(key);
    const rows = (open.get(key) ?? []).filter((row) => !isTakenOver(row));
    const allSilent = rows.length > 0 && rows.every((row) => isSilent(heardOf(row), row, nowMs));
    // Connections that are known again may become unknown again.
    if (allSilent) silent.push(device);
    else if (before?.status === 'unknown') heardAgain.push(device);
    const saidText = said ? JSON.stringify(said) : (before?.said ?? null);
    const row = deviceRow({ device, open: rows, allSilent, latest: endings.get(key), said: saidText });
    if (row.state !== before?.state || saidText !== before.said)
      news.push({ ...row, isNew: row.state !== before?.state });
  }
  await markSilent(client, silent, true);
  await markSilent(client, heardAgain, false);
  await write(client, news);
  return news.length;
}

type Keys = ReturnType<typeof columns>;

/** OFFSET makes the planner look up the devices first. Without statistics, it would begin with all connections of an adapter. */
async function openOf(client: Client, { unnest, values }: Keys): Promise<readonly OpenRow[]> {
  const { rows } = await client.query<OpenRow>(
    `SELECT a.*, c.device, c.facts, c.instance, c.epoch, c.heard, c.announced_after AS "announcedAfter", c.newest
     FROM ${unnest} AS k CROSS JOIN LATERAL (
       SELECT c.*, (SELECT max(n.epoch) FROM connections n
         WHERE n.tenant = c.tenant AND n.device = c.device AND n.holder = c.holder) AS newest
       FROM connections c WHERE c.tenant = k.tenant AND c.device = k.device AND c.ended_at IS NULL OFFSET 0) AS c
     JOIN adapters a ON a.tenant = c.tenant AND a.adapter_id = c.adapter_id
     ORDER BY c.connected_at, c.id`,
    values,
  );
  return rows;
}

/** Both the latest by the clocks of adapters and the latest by epoch: after a clock was set back, its times are too early for long. */
async function endsOf(client: Client, { unnest, values }: Keys): Promise<readonly EndingRow[]> {
  const ends = (order: string): string =>
    `(SELECT c.id, c.ended_at, c.ended_by, c.ended_epoch, c.adapter_id FROM connections c
      WHERE c.tenant = k.tenant AND c.device = k.device AND c.${order} IS NOT NULL
      ORDER BY c.${order} DESC LIMIT ${maxEndings})`;
  const { rows } = await client.query<EndingRow>(
    `SELECT k.tenant, k.device, e.* FROM ${unnest} AS k,
       LATERAL (${ends('ended_at')} UNION ${ends('ended_epoch')}) AS e`,
    values,
  );
  return rows;
}

async function knownOf(client: Client, { unnest, values }: Keys): Promise<readonly KnownRow[]> {
  const { rows } = await client.query<KnownRow>(
    `SELECT d.tenant, d.device, d.state, d.status, d.said FROM ${unnest} AS k
     JOIN devices d ON d.tenant = k.tenant AND d.device = k.device`,
    values,
  );
  return rows;
}

/** The latest ending of each device that has one. */
async function endingsOf(
  client: Client,
  touched: readonly TouchedDevice[],
  ends: ReadonlyMap<string, readonly EndRow[]>,
): Promise<ReadonlyMap<string, { readonly id: string; readonly ending: Ending }>> {
  const wanted = touched.flatMap(({ device }) => {
    const id = latestOf(ends.get(deviceKey(device)) ?? []);
    return id === undefined ? [] : [{ tenant: device.tenant, device: device.device, id }];
  });
  const { unnest, values } = columns(wanted, { tenant: 'text', device: 'text', id: 'text' });
  const { rows } = await client.query<OfDevice & { readonly id: string; readonly ending: string }>(
    `SELECT c.tenant, c.device, c.id, c.ending FROM ${unnest} AS k
     JOIN connections c ON c.tenant = k.tenant AND c.device = k.device AND c.id = k.id`,
    values,
  );
  return new Map(rows.map((row) => [keyOf(row), { id: row.id, ending: JSON.parse(row.ending) as Ending }]));
}

async function markSilent(
  client: Client,
  devices: readonly DeviceRef[],
  isSilentNow: boolean,
): Promise<void> {
  if (devices.length === 0) return;
  const { unnest, values } = columns(devices, { tenant: 'text', device: 'text' });
  await client.query(
    `UPDATE connections c SET is_silent = ${isSilentNow} FROM ${unnest} AS k
     WHERE c.tenant = k.tenant AND c.device = k.device AND c.ended_at IS NULL AND c.is_silent <> ${isSilentNow}`,
    values,
  );
}

async function write(
  client: Client,
  news: readonly (DeviceRow & { readonly isNew: boolean })[],
): Promise<void> {
  if (news.length === 0) return;
  const { unnest, values } = columns(news, {
    tenant: 'text',
    device: 'text',
    state: 'text',
    status: 'text',
    since: 'bigint',
    protocol: 'text',
    reason: 'text',
    adapter: 'text',
    ending: 'text',
    said: 'text',
    isNew: 'boolean',
  });
  await client.query(
    `WITH n AS ${unnest}, become AS (
     INSERT INTO devices (tenant, device, state, status, since, protocol, reason, adapter_id, last_ending, said)
     SELECT tenant, device, state, status, since, protocol, reason, adapter, ending, said FROM n
     ON CONFLICT (tenant, device) DO UPDATE SET state = excluded.state, status = excluded.status,
       since = excluded.since, protocol = excluded.protocol, reason = excluded.reason,
       adapter_id = excluded.adapter_id, last_ending = excluded.last_ending, said = excluded.said)
     INSERT INTO changes (tenant, device, state) SELECT tenant, device, state FROM n WHERE "isNew" ORDER BY place`,
    values,
  );
}

function byDevice<Row extends OfDevice>(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  return Map.groupBy(rows, keyOf);
}

function keyOf({ tenant, device }: OfDevice): string {
  return deviceKey({ tenant, device } as DeviceRef);
}

import { deviceKey, type DeviceRef } from '@rollcall/core';
import type { Ending } from '@rollcall/client';
import type { HonoConnectionEvent } from '@rollcall/hono-wire';
import { heardOf, isSilent, type AdapterRow } from '../fold/adapter-book.ts';
import { isTakenOver } from '../fold/connection-row.ts';
import {
  deviceRow,
  differsIn,
  latestOf,
  maxEndings,
  type DeviceRow,
  type EndRow,
} from '../fold/device-state.ts';
import { columns } from './columns.ts';
import type { Client } from '@rollcall/postgres';

interface OfDevice {
  readonly tenant: string;
  readonly device: string;
}

/** An open connection, joined with its adapter. */
interface OpenRow extends AdapterRow {
  readonly device: string;
  readonly id: string;
  readonly marked: boolean;
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
  readonly protocol: string | null;
  readonly adapter: string | null;
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
  const judged = (await openOf(client, keys)).map((row) =>
    Object.assign(row, { silent: isSilent(heardOf(row), row, nowMs) }),
  );
  const open = byDevice(judged.filter((row) => !isTakenOver(row)));
  const ends = byDevice(await endsOf(client, keys));
  const known = new Map((await knownOf(client, keys)).map((row) => [keyOf(row), row]));
  const endings = await endingsOf(client, touched, ends);
  const news: (DeviceRow & { readonly isNew: boolean })[] = [];
  for (const { device, said } of touched) {
    const key = deviceKey(device);
    const before = known.get(key);
    const saidText = said ? JSON.stringify(said) : (before?.said ?? null);
    const row = deviceRow({ device, open: open.get(key) ?? [], latest: endings.get(key), said: saidText });
    const isNew = row.state !== before?.state;
    if (isNew || differsIn(row, before)) news.push({ ...row, isNew });
  }
  await markSilent(client, judged);
  await write(client, news);
  return news.length;
}

type Keys = ReturnType<typeof columns>;

/** OFFSET makes the planner look up the devices first. Without statistics, it would begin with all connections of an adapter. */
async function openOf(client: Client, { unnest, values }: Keys): Promise<readonly OpenRow[]> {
  const { rows } = await client.query<OpenRow>(
    `SELECT a.*, c.device, c.id, c.is_silent AS marked, c.facts, c.instance, c.epoch, c.heard, c.announced_after AS "announcedAfter", c.newest
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
    `SELECT d.tenant, d.device, d.state, d.protocol, d.adapter_id AS adapter, d.said FROM ${unnest} AS k
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

/** Notes for each connection whether its state is unknown: sweeps look for the others. */
async function markSilent(
  client: Client,
  judged: readonly (OpenRow & { readonly silent: boolean })[],
): Promise<void> {
  const changed = judged.filter(({ silent, marked }) => silent !== marked);
  if (changed.length === 0) return;
  const { unnest, values } = columns(changed, {
    tenant: 'text',
    device: 'text',
    id: 'text',
    silent: 'boolean',
  });
  await client.query(
    `UPDATE connections c SET is_silent = k.silent FROM ${unnest} AS k
     WHERE c.tenant = k.tenant AND c.device = k.device AND c.id = k.id`,
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

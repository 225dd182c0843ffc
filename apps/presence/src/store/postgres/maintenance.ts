import { deviceRef, type DeviceRef } from '@rollcall/core';
import { graceOf, heardOf, type AdapterRow } from '../fold/adapter-book.ts';
import { withoutEvents } from '../fold/device-state.ts';
import type { Forgotten } from '../fold/forget-all.ts';
import { columns } from './columns.ts';
import { renewDevices } from './device-states.ts';
import type { Client } from '@rollcall/postgres';

interface ScannedRow extends AdapterRow {
  readonly is_silent: boolean;
  readonly look_after: string | null;
}

/** How many devices one sweep checks: the others wait for the next sweep. */
const maxDevices = 1_000;
/** How many connections of a device one transaction forgets. */
const maxForgotten = 500;
const dropChanges = 5_000;

/** Finds devices whose status changes with time, and not with an event, and writes them. @returns how many changed. */
export async function sweep(client: Client, nowMs: number): Promise<number> {
  const { rows } = await client.query<ScannedRow>('SELECT * FROM adapters');
  const found = new Map<string, DeviceRef>();
  for (const row of rows) {
    if (found.size >= maxDevices) break;
    for (const device of await devicesOf(client, row, nowMs))
      found.set(JSON.stringify([row.tenant, device]), deviceRef(row.tenant, device));
  }
  return renewDevices(
    client,
    [...found.values()].map((device) => ({ device })),
    nowMs,
  );
}

async function devicesOf(client: Client, row: ScannedRow, nowMs: number): Promise<readonly string[]> {
  const heard = heardOf(row);
  const graceMs = graceOf(heard);
  const fellSilent = graceMs !== undefined && !row.is_silent && nowMs - heard.lastHeardMs > graceMs;
  const after = fellSilent ? '' : row.look_after;
  const behind = graceMs === undefined ? 0 : heard.listenedMs - graceMs;
  const late =
    behind > 0
      ? await client.query<{ readonly device: string }>(
          `SELECT DISTINCT device FROM connections
           WHERE tenant = $1 AND adapter_id = $2 AND NOT is_silent AND heard < $3 AND ended_at IS NULL LIMIT $4`,
          [row.tenant, row.adapter_id, behind, maxDevices],
        )
      : { rows: [] };
  if (after === null) return late.rows.map(({ device }) => device);
  const all = await client.query<{ readonly device: string }>(
    `SELECT DISTINCT device FROM connections
     WHERE tenant = $1 AND adapter_id = $2 AND ended_at IS NULL AND device > $3 ORDER BY device LIMIT $4`,
    [row.tenant, row.adapter_id, after, maxDevices],
  );
  const next = all.rows.length === maxDevices ? (all.rows.at(-1)?.device ?? null) : null;
  await client.query(
    'UPDATE adapters SET is_silent = is_silent OR $3, look_after = $4 WHERE tenant = $1 AND adapter_id = $2',
    [row.tenant, row.adapter_id, fellSilent, next],
  );
  return [...late.rows, ...all.rows].map(({ device }) => device);
}

export async function dropOldChanges(client: Client, maxChanges: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM changes WHERE number IN (
       SELECT number FROM changes WHERE number <= (SELECT max(number) FROM changes) - $1
       ORDER BY number LIMIT ${dropChanges})`,
    [maxChanges],
  );
  return rowCount ?? 0;
}

/** Forgets some connections of a device, and with the last of them the device. Call it again while `isMore`. */
export async function forgetDevice(client: Client, { tenant, device }: DeviceRef): Promise<Forgotten> {
  const ofDevice = 'WHERE tenant = $1 AND device = $2';
  const connections = await client.query(
    `DELETE FROM connections ${ofDevice} AND id IN (SELECT id FROM connections ${ofDevice} LIMIT ${maxForgotten})`,
    [tenant, device],
  );
  if (connections.rowCount === maxForgotten) return { wasKnown: true, isMore: true };
  const devices = await client.query(`DELETE FROM devices ${ofDevice}`, [tenant, device]);
  if ((connections.rowCount ?? 0) + (devices.rowCount ?? 0) === 0) return { wasKnown: false, isMore: false };
  await client.query('DELETE FROM changes WHERE tenant = $1 AND device = $2', [tenant, device]);
  // Readers of `watch` get this change.
  const state = JSON.stringify(withoutEvents(tenant, device));
  const { unnest, values } = columns([{ tenant, device, state }], {
    tenant: 'text',
    device: 'text',
    state: 'text',
  });
  await client.query(
    `INSERT INTO changes (tenant, device, state) SELECT tenant, device, state FROM ${unnest} AS n`,
    values,
  );
  return { wasKnown: true, isMore: false };
}

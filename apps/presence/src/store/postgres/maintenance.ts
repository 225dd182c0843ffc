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

/** The last connection that a round has checked, and its adapter; the next sweep continues behind it. */
interface RoundPosition {
  readonly tenant: string;
  readonly adapterId: string;
  readonly heard: number;
  readonly device: string;
}

const begin = { heard: Number.MIN_SAFE_INTEGER, device: '' };
const start: RoundPosition = { tenant: '', adapterId: '', ...begin };

/**
 * Finds devices whose status changes with time, and not with an event, and writes them. A round over all adapters that began again with
 * each sweep would not reach the last of them while the first have many connections to check.
 */
export class Sweep {
  #reached = start;

  /** Whether the next sweep must follow at once: the round is not over. */
  get isMore(): boolean {
    return this.#reached !== start;
  }

  /** @returns how many devices changed. */
  async next(client: Client, nowMs: number): Promise<number> {
    const { rows } = await client.query<ScannedRow>(
      'SELECT * FROM adapters WHERE (tenant, adapter_id) >= ($1, $2) ORDER BY tenant, adapter_id',
      [this.#reached.tenant, this.#reached.adapterId],
    );
    const found = new Map<string, DeviceRef>();
    let reached = this.#reached;
    this.#reached = start;
    for (const row of rows) {
      const { tenant, adapter_id: adapterId } = row;
      if (reached.tenant !== tenant || reached.adapterId !== adapterId)
        reached = { tenant, adapterId, ...begin };
      if (found.size >= maxDevices) {
        this.#reached = reached;
        break;
      }
      const late = await lateOf(client, row, reached);
      for (const device of [...late.map((each) => each.device), ...(await recheckedOf(client, row, nowMs))])
        found.set(JSON.stringify([tenant, device]), deviceRef(tenant, device));
      const last = late.at(-1);
      if (last && late.length === maxDevices) {
        this.#reached = { tenant, adapterId, ...last };
        break;
      }
    }
    return renewDevices(
      client,
      [...found.values()].map((device) => ({ device })),
      nowMs,
    );
  }
}

/** Connections of an adapter that are missing in its announcements. */
async function lateOf(
  client: Client,
  row: ScannedRow,
  { heard, device }: RoundPosition,
): Promise<readonly { readonly heard: number; readonly device: string }[]> {
  const news = heardOf(row);
  const graceMs = graceOf(news);
  const behind = graceMs === undefined ? 0 : news.listenedMs - graceMs;
  if (behind <= 0) return [];
  const { rows } = await client.query<{ readonly heard: number; readonly device: string }>(
    `SELECT heard, device FROM connections
     WHERE tenant = $1 AND adapter_id = $2 AND NOT is_silent AND heard < $3 AND ended_at IS NULL
       AND heard >= $4 AND (heard, device) > ($4, $5) ORDER BY heard, device LIMIT $6`,
    [row.tenant, row.adapter_id, behind, heard, device, maxDevices],
  );
  return rows;
}

/** Some devices of an adapter whose connections must all be checked: it became silent, or is heard again. */
async function recheckedOf(client: Client, row: ScannedRow, nowMs: number): Promise<readonly string[]> {
  const heard = heardOf(row);
  const graceMs = graceOf(heard);
  const fellSilent = graceMs !== undefined && !row.is_silent && nowMs - heard.lastHeardMs > graceMs;
  const after = fellSilent ? '' : row.look_after;
  if (after === null) return [];
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
  return all.rows.map(({ device }) => device);
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

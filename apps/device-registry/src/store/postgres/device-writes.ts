import type { Client } from '@rollcall/postgres';
import type { DeviceContent } from '../registry-content.ts';
import type { WriteOf } from '../registry-write.ts';
import { deviceChange, done, isExpected, notDone, type Written } from '../written.ts';
import { addCredentials, ownersOf } from './credential-writes.ts';
import { limitsOf } from './tenant-writes.ts';

export async function createDevice(
  client: Client,
  write: WriteOf<'create-device'>,
  maxDevices: number,
): Promise<Written> {
  const room = await roomFor(client, write, maxDevices);
  if (room.status === 'no-tenant') return notDone({ status: 'not-found', what: 'tenant' });
  if (room.isThere) return notDone({ status: 'taken', what: 'device-id' });
  if (room.status === 'none') return notDone({ status: 'limit-reached', what: 'devices', limit: room.limit });
  await add(client, write, false);
  return done(deviceChange('create', write));
}

export async function updateDevice(client: Client, write: WriteOf<'update-device'>): Promise<Written> {
  const { tenant, device, content, version, expected, at } = write;
  if (!(await limitsOf(client, tenant))) return notDone({ status: 'not-found', what: 'tenant' });
  const before = await find(client, write);
  if (!before) return notDone({ status: 'not-found', what: 'device' });
  if (!isExpected(before.version, expected)) return notDone({ status: 'version-mismatch' });
  // A device that is written through the API counts as registered by hand from then on.
  await client.query(
    `UPDATE devices SET content = $3, version = $4, updated_at = $5, auto_provisioned = false,
     provisioning_told = false WHERE tenant = $1 AND id = $2`,
    [tenant, device, JSON.stringify(content), version, at],
  );
  await unrelate(client, write, before.content);
  await relate(client, write, content);
  return done(deviceChange('update', write));
}

export async function deleteDevice(client: Client, write: WriteOf<'delete-device'>): Promise<Written> {
  const { tenant, device, expected } = write;
  const before = await find(client, write);
  if (!before) {
    const what = (await limitsOf(client, tenant)) ? 'device' : 'tenant';
    return notDone({ status: 'not-found', what });
  }
  if (!isExpected(before.version, expected)) return notDone({ status: 'version-mismatch' });
  await unrelate(client, write, before.content);
  await client.query('DELETE FROM credentials WHERE tenant = $1 AND device = $2', [tenant, device]);
  await client.query('DELETE FROM devices WHERE tenant = $1 AND id = $2', [tenant, device]);
  await client.query('UPDATE device_counts SET devices = devices - 1 WHERE tenant = $1', [tenant]);
  return done({ type: 'device', change: 'delete', tenant, device, enabled: false });
}

export async function deleteDevices(client: Client, { tenant }: WriteOf<'delete-devices'>): Promise<Written> {
  for (const table of ['credentials', 'devices', 'device_counts', 'vias', 'members'])
    await client.query(`DELETE FROM ${table} WHERE tenant = $1`, [tenant]);
  return done({ type: 'all-devices-deleted', tenant });
}

export async function provisionDevice(
  client: Client,
  write: WriteOf<'provision-device'>,
  maxDevices: number,
): Promise<Written> {
  const { tenant, device, credentials } = write;
  const room = await roomFor(client, write, maxDevices);
  if (room.status === 'no-tenant') return notDone({ status: 'not-found', what: 'tenant' });
  const [owner] = credentials ? await ownersOf(client, tenant, [credentials]) : [];
  if (owner !== undefined) return notDone({ status: 'exists', device: owner });
  if (room.isThere) return notDone({ status: 'exists', device });
  if (room.status === 'none') return notDone({ status: 'limit-reached', what: 'devices', limit: room.limit });
  await add(client, write, true);
  if (!credentials) return done(deviceChange('create', write));
  await addCredentials(client, tenant, device, [credentials]);
  return done(deviceChange('create', write), { type: 'credentials', tenant, device });
}

export async function noteEventSent(
  client: Client,
  write: WriteOf<'note-provisioning-event-sent'>,
): Promise<Written> {
  const before = await find(client, write);
  if (!before) return notDone({ status: 'not-found', what: 'device' });
  const { rowCount } = await client.query(
    `UPDATE devices SET provisioning_told = true, version = $3
     WHERE tenant = $1 AND id = $2 AND auto_provisioned AND NOT provisioning_told`,
    [write.tenant, write.device, write.version],
  );
  return rowCount === 0 ? done() : done(deviceChange('update', { ...write, content: before.content }));
}

interface OfDevice {
  readonly tenant: string;
  readonly device: string;
}

interface Before {
  readonly content: DeviceContent;
  readonly version: string;
}

async function find(client: Client, { tenant, device }: OfDevice): Promise<Before | undefined> {
  const text = 'SELECT content, version FROM devices WHERE tenant = $1 AND id = $2';
  return (await client.query<Before>(text, [tenant, device])).rows[0];
}

/** Whether a tenant may have one more device, and whether it has this device already. */
type Room =
  | { readonly status: 'no-tenant' }
  | { readonly status: 'some'; readonly isThere: boolean }
  | { readonly status: 'none'; readonly isThere: boolean; readonly limit: number };

async function roomFor(client: Client, { tenant, device }: OfDevice, maxDevices: number): Promise<Room> {
  const { rows } = await client.query<{
    readonly max: number | null;
    readonly devices: number | null;
    readonly there: boolean;
  }>(
    `SELECT max_devices AS max, (SELECT devices FROM device_counts WHERE tenant = $1) AS devices,
       EXISTS (SELECT 1 FROM devices WHERE tenant = $1 AND id = $2) AS there
     FROM tenants WHERE id = $1`,
    [tenant, device],
  );
  const [row] = rows;
  if (!row) return { status: 'no-tenant' };
  const isThere = row.there;
  const limit = row.max === null || row.max === -1 ? maxDevices : row.max;
  return limit === -1 || (row.devices ?? 0) < limit
    ? { status: 'some', isThere }
    : { status: 'none', isThere, limit };
}

async function add(
  client: Client,
  write: WriteOf<'create-device'> | WriteOf<'provision-device'>,
  isProvisioned: boolean,
): Promise<void> {
  const { tenant, device, content, version, at } = write;
  await client.query(
    `WITH counted AS (
       INSERT INTO device_counts VALUES ($1, 1)
       ON CONFLICT (tenant) DO UPDATE SET devices = device_counts.devices + 1)
     INSERT INTO devices (tenant, id, content, version, credentials_version, created_at, auto_provisioned)
     VALUES ($1, $2, $3, $4, $4, $5, $6)`,
    [tenant, device, JSON.stringify(content), version, at, isProvisioned],
  );
  await relate(client, write, content);
}

async function relate(
  client: Client,
  of: OfDevice,
  { via = [], memberOf = [] }: DeviceContent,
): Promise<void> {
  const { tenant, device } = of;
  for (const [table, names] of [
    ['vias', via],
    ['members', memberOf],
  ] as const)
    if (names.length > 0)
      await client.query(
        `INSERT INTO ${table} SELECT $1, name, $2 FROM unnest($3::text[]) AS name ON CONFLICT DO NOTHING`,
        [tenant, device, names],
      );
}

async function unrelate(
  client: Client,
  of: OfDevice,
  { via = [], memberOf = [] }: DeviceContent,
): Promise<void> {
  const { tenant, device } = of;
  const tables = [
    ['vias', 'gateway', via],
    ['members', 'gateway_group', memberOf],
  ] as const;
  for (const [table, column, names] of tables)
    if (names.length > 0)
      await client.query(`DELETE FROM ${table} WHERE tenant = $1 AND ${column} = ANY ($3) AND device = $2`, [
        ...[tenant, device, names],
      ]);
}

import type { Client } from '@rollcall/postgres';
import type { TenantContent } from '../registry-content.ts';
import type { Taken, WriteOf } from '../registry-write.ts';
import { done, isExpected, notDone, tenantChange, tenantGone, type Written } from '../written.ts';

/** The limits on the devices of a tenant. */
export interface TenantLimits {
  readonly maxDevices: number | undefined;
  readonly maxCredentials: number | undefined;
}

/** `undefined`: there is no such tenant. */
export async function limitsOf(client: Client, tenant: string): Promise<TenantLimits | undefined> {
  const { rows } = await client.query<{
    readonly devices: number | null;
    readonly credentials: number | null;
  }>('SELECT max_devices AS devices, max_credentials AS credentials FROM tenants WHERE id = $1', [tenant]);
  const [row] = rows;
  return row && { maxDevices: limitIn(row.devices), maxCredentials: limitIn(row.credentials) };
}

export async function createTenant(client: Client, write: WriteOf<'create-tenant'>): Promise<Written> {
  const { tenant, content, version } = write;
  if ((await versionOf(client, tenant)) !== undefined) return notDone({ status: 'taken', what: 'tenant-id' });
  const what = await takenBy(client, tenant, content);
  if (what) return notDone({ status: 'taken', what });
  await client.query(
    `INSERT INTO tenants (id, alias, trust_group, content, version, max_devices, max_credentials)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    columnsOf(tenant, content, version),
  );
  await setCas(client, tenant, content);
  return done(tenantChange('create', tenant, content));
}

export async function updateTenant(client: Client, write: WriteOf<'update-tenant'>): Promise<Written> {
  const { tenant, content, version, expected } = write;
  const before = await versionOf(client, tenant);
  if (before === undefined) return notDone({ status: 'not-found', what: 'tenant' });
  if (!isExpected(before, expected)) return notDone({ status: 'version-mismatch' });
  const what = await takenBy(client, tenant, content);
  if (what) return notDone({ status: 'taken', what });
  await client.query(
    `UPDATE tenants SET alias = $2, trust_group = $3, content = $4, version = $5, max_devices = $6,
     max_credentials = $7 WHERE id = $1`,
    columnsOf(tenant, content, version),
  );
  await setCas(client, tenant, content);
  return done(tenantChange('update', tenant, content));
}

export async function deleteTenant(client: Client, write: WriteOf<'delete-tenant'>): Promise<Written> {
  const { tenant, expected } = write;
  const before = await versionOf(client, tenant);
  if (before === undefined) return notDone({ status: 'not-found', what: 'tenant' });
  if (!isExpected(before, expected)) return notDone({ status: 'version-mismatch' });
  await client.query('DELETE FROM tenants WHERE id = $1', [tenant]);
  await client.query('DELETE FROM trusted_cas WHERE tenant = $1', [tenant]);
  return done(tenantGone(tenant));
}

async function versionOf(client: Client, tenant: string): Promise<string | undefined> {
  const { rows } = await client.query<{ readonly version: string }>(
    'SELECT version FROM tenants WHERE id = $1',
    [tenant],
  );
  return rows[0]?.version;
}

async function takenBy(client: Client, tenant: string, content: TenantContent): Promise<Taken | undefined> {
  const subjects = (content['trusted-ca'] ?? []).map((ca) => ca['subject-dn']);
  // Tenants of the same group share authorities. A tenant without a group shares none: NULL equals nothing.
  const { rows } = await client.query<{ readonly alias: boolean; readonly ca: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM tenants WHERE alias = $2 AND id <> $1) AS alias,
       EXISTS (SELECT 1 FROM trusted_cas JOIN tenants ON tenants.id = trusted_cas.tenant
         WHERE subject_dn = ANY ($3) AND tenant <> $1 AND (tenants.trust_group = $4) IS NOT TRUE) AS ca`,
    [tenant, content.alias ?? null, subjects, content['trust-anchor-group'] ?? null],
  );
  return rows[0]?.alias === true ? 'alias' : rows[0]?.ca === true ? 'trusted-ca' : undefined;
}

async function setCas(client: Client, tenant: string, content: TenantContent): Promise<void> {
  await client.query('DELETE FROM trusted_cas WHERE tenant = $1', [tenant]);
  const subjects = (content['trusted-ca'] ?? []).map((ca) => ca['subject-dn']);
  if (subjects.length === 0) return;
  await client.query(
    'INSERT INTO trusted_cas SELECT DISTINCT subject, $1 FROM unnest($2::text[]) AS subject',
    [tenant, subjects],
  );
}

function columnsOf(tenant: string, content: TenantContent, version: string): readonly unknown[] {
  const limits = content['registration-limits'];
  return [
    tenant,
    content.alias ?? null,
    content['trust-anchor-group'] ?? null,
    JSON.stringify(content),
    version,
    limits?.['max-devices'] ?? null,
    limits?.['max-credentials-per-device'] ?? null,
  ];
}

function limitIn(column: number | null): number | undefined {
  return column === null || column === -1 ? undefined : column;
}

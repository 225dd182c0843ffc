import type { Client } from '@rollcall/postgres';
import type { CredentialContent } from '../registry-content.ts';
import type { CredentialsFacts, CredentialsSet, RegistrationFacts, StoredTenant } from '../registry-store.ts';
import { deviceColumns, deviceIn, tenantColumns, tenantIn, type DeviceRow, type TenantRow } from './rows.ts';

// Facts that must belong together are read by one statement, which sees the tables at one moment.

/**
 * Names as parameters. PostgreSQL cannot keep U+0000, so nothing has such a name; but it refuses the whole query where a parameter has
 * it. `null` equals nothing, too.
 */
function names(...all: readonly (string | undefined)[]): readonly (string | null)[] {
  return all.map((name) => (name === undefined || name.includes('\0') ? null : name));
}

const maxTenantsOfOneCa = 100;

const tenantJson = `(SELECT row_to_json(t) FROM (SELECT ${tenantColumns} FROM tenants WHERE id = $1) AS t)`;

function deviceJson(id: string): string {
  return `(SELECT row_to_json(d) FROM (SELECT ${deviceColumns} FROM devices WHERE tenant = $1 AND id = ${id}) AS d)`;
}

export async function readTenant(client: Client, id: string): Promise<StoredTenant | undefined> {
  const text = `SELECT ${tenantColumns} FROM tenants WHERE id = $1`;
  const { rows } = await client.query<TenantRow>(text, names(id));
  return rows[0] && tenantIn(rows[0]);
}

export async function readTenantByName(client: Client, name: string): Promise<StoredTenant | undefined> {
  const text = `SELECT ${tenantColumns} FROM tenants WHERE id = $1 OR alias = $1 ORDER BY (id = $1) DESC LIMIT 1`;
  const { rows } = await client.query<TenantRow>(text, names(name));
  return rows[0] && tenantIn(rows[0]);
}

export async function readTenantsByCa(client: Client, subjectDn: string): Promise<readonly StoredTenant[]> {
  const text = `SELECT ${tenantColumns} FROM tenants
    WHERE id IN (SELECT tenant FROM trusted_cas WHERE subject_dn = $1) ORDER BY id LIMIT ${maxTenantsOfOneCa}`;
  const { rows } = await client.query<TenantRow>(text, names(subjectDn));
  return rows.map(tenantIn);
}

interface FactsRow {
  readonly tenant: TenantRow | null;
  readonly device: DeviceRow | null;
  readonly gateway: DeviceRow | null;
  readonly members: readonly string[] | null;
}

export async function readRegistration(
  client: Client,
  tenant: string,
  device: string,
  gateway: string | undefined,
): Promise<RegistrationFacts> {
  const members = `(SELECT json_agg(DISTINCT members.device ORDER BY members.device)
     FROM devices JOIN members ON members.tenant = devices.tenant
       AND members.gateway_group IN (SELECT jsonb_array_elements_text(devices.content -> 'viaGroups'))
     WHERE devices.tenant = $1 AND devices.id = $2)`;
  const { rows } = await client.query<FactsRow>(
    `SELECT ${tenantJson} AS tenant, ${deviceJson('$2')} AS device, ${deviceJson('$3')} AS gateway, ${members} AS members`,
    names(tenant, device, gateway),
  );
  const [row] = rows;
  if (!row?.tenant) return { members: [] };
  return {
    tenant: tenantIn(row.tenant),
    ...(row.device && { device: deviceIn(row.device) }),
    ...(row.gateway && { gateway: deviceIn(row.gateway) }),
    members: row.members ?? [],
  };
}

interface CredentialsRow {
  readonly tenant: TenantRow | null;
  readonly device: DeviceRow | null;
  readonly credentials: CredentialContent | null;
}

export async function readCredentialsBy(
  client: Client,
  tenant: string,
  type: string,
  authId: string,
): Promise<CredentialsFacts> {
  const { rows } = await client.query<CredentialsRow>(
    `SELECT ${tenantJson} AS tenant, ${deviceJson('found.device')} AS device, found.content AS credentials
     FROM (SELECT 1) AS one LEFT JOIN credentials AS found
       ON found.tenant = $1 AND found.type = $2 AND found.auth_id = $3`,
    names(tenant, type, authId),
  );
  const [row] = rows;
  if (!row?.tenant) return {};
  const { device, credentials } = row;
  return {
    tenant: tenantIn(row.tenant),
    ...(device && credentials && { found: { device: deviceIn(device), credentials } }),
  };
}

export async function readCredentialsOf(
  client: Client,
  tenant: string,
  device: string,
): Promise<CredentialsSet | undefined> {
  const { rows } = await client.query<{
    readonly version: string;
    readonly credentials: readonly CredentialContent[] | null;
  }>(
    `SELECT credentials_version AS version,
       (SELECT json_agg(content ORDER BY position) FROM credentials WHERE tenant = $1 AND device = $2) AS credentials
     FROM devices WHERE tenant = $1 AND id = $2 AND EXISTS (SELECT 1 FROM tenants WHERE id = $1)`,
    names(tenant, device),
  );
  const [row] = rows;
  return row && { credentials: row.credentials ?? [], version: row.version };
}

import type { Client } from '@rollcall/postgres';
import type { CredentialContent } from '../registry-content.ts';
import type { WriteOf } from '../registry-write.ts';
import { done, isExpected, notDone, type Written } from '../written.ts';
import { limitsOf } from './tenant-writes.ts';

export async function putCredentials(client: Client, write: WriteOf<'put-credentials'>): Promise<Written> {
  const { tenant, device, credentials, version, expected } = write;
  const limits = await limitsOf(client, tenant);
  if (!limits) return notDone({ status: 'not-found', what: 'tenant' });
  const { rows } = await client.query<{ readonly version: string }>(
    'SELECT credentials_version AS version FROM devices WHERE tenant = $1 AND id = $2',
    [tenant, device],
  );
  const [row] = rows;
  if (!row) return notDone({ status: 'not-found', what: 'device' });
  if (!isExpected(row.version, expected)) return notDone({ status: 'version-mismatch' });
  const { maxCredentials: limit } = limits;
  if (limit !== undefined && credentials.length > limit)
    return notDone({ status: 'limit-reached', what: 'credentials', limit });
  const owners = await ownersOf(client, tenant, credentials);
  if (owners.some((owner) => owner !== device)) return notDone({ status: 'taken', what: 'auth-id' });
  await client.query('DELETE FROM credentials WHERE tenant = $1 AND device = $2', [tenant, device]);
  await addCredentials(client, tenant, device, credentials);
  await client.query('UPDATE devices SET credentials_version = $3 WHERE tenant = $1 AND id = $2', [
    ...[tenant, device, version],
  ]);
  return done({ type: 'credentials', tenant, device });
}

/** The devices that have any of these credentials. */
export async function ownersOf(
  client: Client,
  tenant: string,
  credentials: readonly CredentialContent[],
): Promise<readonly string[]> {
  if (credentials.length === 0) return [];
  const { rows } = await client.query<{ readonly device: string }>(
    `SELECT DISTINCT device FROM credentials JOIN unnest($2::text[], $3::text[]) AS wanted (type, auth_id)
     ON credentials.type = wanted.type AND credentials.auth_id = wanted.auth_id WHERE tenant = $1`,
    [tenant, credentials.map(({ type }) => type), credentials.map((each) => each['auth-id'])],
  );
  return rows.map(({ device }) => device);
}

export async function addCredentials(
  client: Client,
  tenant: string,
  device: string,
  credentials: readonly CredentialContent[],
): Promise<void> {
  if (credentials.length === 0) return;
  await client.query(
    `INSERT INTO credentials (tenant, device, type, auth_id, content, position)
     SELECT $1, $2, each.* FROM unnest($3::text[], $4::text[], $5::jsonb[]) WITH ORDINALITY AS each`,
    [
      tenant,
      device,
      credentials.map(({ type }) => type),
      credentials.map((each) => each['auth-id']),
      credentials.map((each) => JSON.stringify(each)),
    ],
  );
}

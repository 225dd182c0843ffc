import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CredentialContent } from '../registry-content.ts';
import type { WriteOf } from '../registry-write.ts';
import { done, isExpected, notDone, type Written } from '../written.ts';
import type { TenantWrites } from './tenant-writes.ts';

/** The statement names the index: otherwise SQLite reads all credentials of the tenant for a deletion. */
export const dropCredentialsOf =
  'DELETE FROM credentials INDEXED BY credentials_of_devices WHERE tenant = ? AND device = ?';

export class CredentialWrites {
  readonly #tenants: TenantWrites;
  readonly #version: StatementSync;
  readonly #setVersion: StatementSync;
  readonly #owner: StatementSync;
  readonly #insert: StatementSync;
  readonly #dropOf: StatementSync;
  readonly #dropAll: StatementSync;

  constructor(database: DatabaseSync, tenants: TenantWrites) {
    this.#tenants = tenants;
    this.#version = database.prepare('SELECT credentials_version FROM devices WHERE tenant = ? AND id = ?');
    this.#setVersion = database.prepare(
      'UPDATE devices SET credentials_version = ? WHERE tenant = ? AND id = ?',
    );
    this.#owner = database.prepare(
      'SELECT device FROM credentials WHERE tenant = ? AND type = ? AND auth_id = ?',
    );
    this.#insert = database.prepare('INSERT INTO credentials VALUES (?, ?, ?, ?, ?, ?)');
    this.#dropOf = database.prepare(dropCredentialsOf);
    this.#dropAll = database.prepare('DELETE FROM credentials WHERE tenant = ?');
  }

  put({ tenant, device, credentials, version, expected }: WriteOf<'put-credentials'>): Written {
    const limits = this.#tenants.limitsOf(tenant);
    if (!limits) return notDone({ status: 'not-found', what: 'tenant' });
    const row = this.#version.get(tenant, device);
    if (!row) return notDone({ status: 'not-found', what: 'device' });
    if (!isExpected(String(row['credentials_version']), expected))
      return notDone({ status: 'version-mismatch' });
    const { maxCredentials: limit } = limits;
    if (limit !== undefined && credentials.length > limit)
      return notDone({ status: 'limit-reached', what: 'credentials', limit });
    const isTaken = credentials.some((each) => {
      const owner = this.ownerOf(tenant, each);
      return owner !== undefined && owner !== device;
    });
    if (isTaken) return notDone({ status: 'taken', what: 'auth-id' });
    this.drop(tenant, device);
    this.add(tenant, device, credentials);
    this.#setVersion.run(version, tenant, device);
    return done({ type: 'credentials', tenant, device });
  }

  /** The device that has credentials of this type and auth-id. */
  ownerOf(tenant: string, { type, 'auth-id': authId }: CredentialContent): string | undefined {
    const row = this.#owner.get(tenant, type, authId);
    return row && String(row['device']);
  }

  add(tenant: string, device: string, credentials: readonly CredentialContent[]): void {
    for (const [position, each] of credentials.entries())
      this.#insert.run(tenant, each.type, each['auth-id'], device, position, JSON.stringify(each));
  }

  drop(tenant: string, device: string): void {
    this.#dropOf.run(tenant, device);
  }

  dropAll(tenant: string): void {
    this.#dropAll.run(tenant);
  }
}

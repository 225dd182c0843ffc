import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  CredentialsFacts,
  CredentialsSet,
  RegistrationFacts,
  StoredDevice,
  StoredTenant,
} from '../registry-store.ts';
import { inTransaction } from '@rollcall/runtime/sqlite';
import { credentialIn, deviceColumns, deviceIn, tenantColumns, tenantIn } from './rows.ts';

const maxTenantsOfOneCa = 100;

/** Look-ups by keys. Each takes microseconds, however much is stored. */
export class Reads {
  readonly #database: DatabaseSync;
  readonly #tenant: StatementSync;
  readonly #tenantByAlias: StatementSync;
  readonly #tenantsByCa: StatementSync;
  readonly #device: StatementSync;
  readonly #credentialsVersion: StatementSync;
  readonly #members: StatementSync;
  readonly #credentials: StatementSync;
  readonly #credentialsOf: StatementSync;
  readonly #note: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#tenant = database.prepare(`SELECT ${tenantColumns} FROM tenants WHERE id = ?`);
    this.#note = database.prepare('SELECT 1 FROM notes WHERE name = ?');
    this.#tenantByAlias = database.prepare(`SELECT ${tenantColumns} FROM tenants WHERE alias = ?`);
    this.#tenantsByCa = database.prepare(
      `SELECT ${tenantColumns} FROM tenants
       WHERE id IN (SELECT tenant FROM trusted_cas WHERE subject_dn = ?) ORDER BY id LIMIT ${maxTenantsOfOneCa}`,
    );
    this.#device = database.prepare(`SELECT ${deviceColumns} FROM devices WHERE tenant = ? AND id = ?`);
    this.#credentialsVersion = database.prepare(
      `SELECT credentials_version FROM devices
       WHERE tenant = :tenant AND id = :device AND EXISTS (SELECT 1 FROM tenants WHERE tenants.id = :tenant)`,
    );
    this.#members = database.prepare(
      'SELECT device FROM members WHERE tenant = ? AND gateway_group = ? ORDER BY device',
    );
    this.#credentials = database.prepare(
      'SELECT device, content FROM credentials WHERE tenant = ? AND type = ? AND auth_id = ?',
    );
    this.#credentialsOf = database.prepare(
      'SELECT content FROM credentials WHERE tenant = ? AND device = ? ORDER BY position',
    );
  }

  hasNote(name: string): boolean {
    return this.#note.get(name) !== undefined;
  }

  tenant(id: string): StoredTenant | undefined {
    const row = this.#tenant.get(id);
    return row && tenantIn(row);
  }

  tenantByName(name: string): StoredTenant | undefined {
    const row = this.#tenant.get(name) ?? this.#tenantByAlias.get(name);
    return row && tenantIn(row);
  }

  tenantsByTrustedCa(subjectDn: string): readonly StoredTenant[] {
    return this.#tenantsByCa.all(subjectDn).map(tenantIn);
  }

  registration(tenantId: string, deviceId: string, gatewayId: string | undefined): RegistrationFacts {
    return inTransaction(this.#database, 'BEGIN', () => {
      const tenant = this.tenant(tenantId);
      if (!tenant) return { members: [] };
      const device = this.#deviceOf(tenantId, deviceId);
      const gateway = gatewayId === undefined ? undefined : this.#deviceOf(tenantId, gatewayId);
      return {
        tenant,
        ...(device && { device }),
        ...(gateway && { gateway }),
        members: this.#membersOf(tenantId, device?.content.viaGroups ?? []),
      };
    });
  }

  credentialsBy(tenantId: string, type: string, authId: string): CredentialsFacts {
    return inTransaction(this.#database, 'BEGIN', () => {
      const tenant = this.tenant(tenantId);
      if (!tenant) return {};
      const row = this.#credentials.get(tenantId, type, authId);
      const device = row && this.#deviceOf(tenantId, String(row['device']));
      return { tenant, ...(device && { found: { device, credentials: credentialIn(row) } }) };
    });
  }

  credentialsOf(tenant: string, device: string): CredentialsSet | undefined {
    return inTransaction(this.#database, 'BEGIN', () => {
      const row = this.#credentialsVersion.get({ tenant, device });
      return (
        row && {
          credentials: this.#credentialsOf.all(tenant, device).map(credentialIn),
          version: String(row['credentials_version']),
        }
      );
    });
  }

  #deviceOf(tenant: string, id: string): StoredDevice | undefined {
    const row = this.#device.get(tenant, id);
    return row && deviceIn(row);
  }

  #membersOf(tenant: string, groups: readonly string[]): readonly string[] {
    const found = groups.flatMap((group) =>
      this.#members.all(tenant, group).map((row) => String(row['device'])),
    );
    return [...new Set(found)].toSorted();
  }
}

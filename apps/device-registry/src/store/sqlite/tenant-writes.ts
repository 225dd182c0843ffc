import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TenantContent } from '../registry-content.ts';
import type { Taken, WriteOf } from '../registry-write.ts';
import { done, isExpected, notDone, tenantChange, tenantGone, type Written } from '../written.ts';

/** The limits on the devices of a tenant. */
export interface TenantLimits {
  readonly maxDevices: number | undefined;
  readonly maxCredentials: number | undefined;
}

export class TenantWrites {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #aliasOfOther: StatementSync;
  readonly #caOfOther: StatementSync;
  readonly #addCa: StatementSync;
  readonly #dropCas: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT version, max_devices, max_credentials FROM tenants WHERE id = ?');
    this.#insert = database.prepare(
      `INSERT INTO tenants (id, alias, trust_group, content, version, max_devices, max_credentials)
       VALUES (:id, :alias, :group, :content, :version, :devices, :credentials)`,
    );
    this.#update = database.prepare(
      `UPDATE tenants SET alias = :alias, trust_group = :group, content = :content, version = :version,
       max_devices = :devices, max_credentials = :credentials WHERE id = :id`,
    );
    this.#delete = database.prepare('DELETE FROM tenants WHERE id = ?');
    this.#aliasOfOther = database.prepare('SELECT 1 FROM tenants WHERE alias = ? AND id <> ?');
    // Tenants of the same group share authorities. A tenant without a group shares none: NULL equals nothing.
    this.#caOfOther = database.prepare(
      `SELECT 1 FROM trusted_cas AS ca JOIN tenants ON tenants.id = ca.tenant
       WHERE ca.subject_dn = ? AND ca.tenant <> ? AND (tenants.trust_group = ?) IS NOT TRUE`,
    );
    this.#addCa = database.prepare('INSERT OR IGNORE INTO trusted_cas VALUES (?, ?)');
    this.#dropCas = database.prepare('DELETE FROM trusted_cas WHERE tenant = ?');
  }

  /** `undefined`: there is no such tenant. */
  limitsOf(tenant: string): TenantLimits | undefined {
    const row = this.#find.get(tenant);
    return (
      row && { maxDevices: limitIn(row['max_devices']), maxCredentials: limitIn(row['max_credentials']) }
    );
  }

  create({ tenant, content, version }: WriteOf<'create-tenant'>): Written {
    if (this.#find.get(tenant)) return notDone({ status: 'taken', what: 'tenant-id' });
    const what = this.#takenBy(tenant, content);
    if (what) return notDone({ status: 'taken', what });
    this.#insert.run(columnsOf(tenant, content, version));
    this.#setCas(tenant, content);
    return done(tenantChange('create', tenant, content));
  }

  update({ tenant, content, version, expected }: WriteOf<'update-tenant'>): Written {
    const row = this.#find.get(tenant);
    if (!row) return notDone({ status: 'not-found', what: 'tenant' });
    if (!isExpected(String(row['version']), expected)) return notDone({ status: 'version-mismatch' });
    const what = this.#takenBy(tenant, content);
    if (what) return notDone({ status: 'taken', what });
    this.#update.run(columnsOf(tenant, content, version));
    this.#setCas(tenant, content);
    return done(tenantChange('update', tenant, content));
  }

  delete({ tenant, expected }: WriteOf<'delete-tenant'>): Written {
    const row = this.#find.get(tenant);
    if (!row) return notDone({ status: 'not-found', what: 'tenant' });
    if (!isExpected(String(row['version']), expected)) return notDone({ status: 'version-mismatch' });
    this.#delete.run(tenant);
    this.#dropCas.run(tenant);
    return done(tenantGone(tenant));
  }

  #takenBy(tenant: string, content: TenantContent): Taken | undefined {
    if (content.alias !== undefined && this.#aliasOfOther.get(content.alias, tenant)) return 'alias';
    const group = content['trust-anchor-group'] ?? null;
    const isTaken = content['trusted-ca']?.some((ca) => this.#caOfOther.get(ca['subject-dn'], tenant, group));
    return isTaken ? 'trusted-ca' : undefined;
  }

  #setCas(tenant: string, content: TenantContent): void {
    this.#dropCas.run(tenant);
    for (const ca of content['trusted-ca'] ?? []) this.#addCa.run(ca['subject-dn'], tenant);
  }
}

function columnsOf(id: string, content: TenantContent, version: string) {
  const limits = content['registration-limits'];
  return {
    ...{ id, version },
    alias: content.alias ?? null,
    group: content['trust-anchor-group'] ?? null,
    content: JSON.stringify(content),
    devices: limits?.['max-devices'] ?? null,
    credentials: limits?.['max-credentials-per-device'] ?? null,
  };
}

function limitIn(column: unknown): number | undefined {
  return column === null || column === -1 ? undefined : Number(column);
}

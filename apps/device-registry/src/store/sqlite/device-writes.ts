import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeviceContent } from '../registry-content.ts';
import type { WriteOf } from '../registry-write.ts';
import { deviceChange, done, isExpected, notDone, type Written } from '../written.ts';
import type { CredentialWrites } from './credential-writes.ts';
import type { Row } from './rows.ts';
import type { TenantWrites } from './tenant-writes.ts';

export class DeviceWrites {
  readonly #tenants: TenantWrites;
  readonly #credentials: CredentialWrites;
  readonly #maxDevices: number;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #tell: StatementSync;
  readonly #count: StatementSync;
  readonly #addToCount: StatementSync;
  readonly #addVia: StatementSync;
  readonly #dropVia: StatementSync;
  readonly #addMember: StatementSync;
  readonly #dropMember: StatementSync;
  readonly #dropAll: readonly StatementSync[];

  constructor(
    database: DatabaseSync,
    tenants: TenantWrites,
    credentials: CredentialWrites,
    maxDevices: number,
  ) {
    this.#tenants = tenants;
    this.#credentials = credentials;
    this.#maxDevices = maxDevices;
    this.#find = database.prepare('SELECT content, version FROM devices WHERE tenant = ? AND id = ?');
    this.#insert = database.prepare(
      `INSERT INTO devices (tenant, id, content, version, credentials_version, created_at, auto_provisioned)
       VALUES (:tenant, :id, :content, :version, :version, :at, :provisioned)`,
    );
    // A device that is written through the API counts as registered by hand from then on.
    this.#update = database.prepare(
      `UPDATE devices SET content = :content, version = :version, updated_at = :at,
       auto_provisioned = 0, provisioning_told = 0 WHERE tenant = :tenant AND id = :id`,
    );
    this.#delete = database.prepare('DELETE FROM devices WHERE tenant = ? AND id = ?');
    this.#tell = database.prepare(
      `UPDATE devices SET provisioning_told = 1, version = ?
       WHERE tenant = ? AND id = ? AND auto_provisioned = 1 AND provisioning_told = 0`,
    );
    this.#count = database.prepare('SELECT devices FROM device_counts WHERE tenant = ?');
    this.#addToCount = database.prepare(
      'INSERT INTO device_counts VALUES (?, ?) ON CONFLICT DO UPDATE SET devices = devices + excluded.devices',
    );
    this.#addVia = database.prepare('INSERT OR IGNORE INTO vias VALUES (?, ?, ?)');
    this.#dropVia = database.prepare('DELETE FROM vias WHERE tenant = ? AND gateway = ? AND device = ?');
    this.#addMember = database.prepare('INSERT OR IGNORE INTO members VALUES (?, ?, ?)');
    this.#dropMember = database.prepare(
      'DELETE FROM members WHERE tenant = ? AND gateway_group = ? AND device = ?',
    );
    this.#dropAll = ['devices', 'device_counts', 'vias', 'members'].map((table) =>
      database.prepare(`DELETE FROM ${table} WHERE tenant = ?`),
    );
  }

  create(write: WriteOf<'create-device'>): Written {
    const refused = this.#refusal(write.tenant);
    if (refused === 'no-tenant') return notDone({ status: 'not-found', what: 'tenant' });
    if (this.#find.get(write.tenant, write.device)) return notDone({ status: 'taken', what: 'device-id' });
    if (refused) return refused;
    this.#add(write, false);
    return done(deviceChange('create', write));
  }

  update(write: WriteOf<'update-device'>): Written {
    const { tenant, device: id, content, version, expected, at } = write;
    if (!this.#tenants.limitsOf(tenant)) return notDone({ status: 'not-found', what: 'tenant' });
    const row = this.#find.get(tenant, id);
    if (!row) return notDone({ status: 'not-found', what: 'device' });
    if (!isExpected(String(row['version']), expected)) return notDone({ status: 'version-mismatch' });
    this.#unrelate(tenant, id, row);
    this.#update.run({ tenant, id, content: JSON.stringify(content), version, at });
    this.#relate(tenant, id, content);
    return done(deviceChange('update', write));
  }

  delete({ tenant, device, expected }: WriteOf<'delete-device'>): Written {
    const row = this.#find.get(tenant, device);
    if (!row) {
      const what = this.#tenants.limitsOf(tenant) ? 'device' : 'tenant';
      return notDone({ status: 'not-found', what });
    }
    if (!isExpected(String(row['version']), expected)) return notDone({ status: 'version-mismatch' });
    this.#unrelate(tenant, device, row);
    this.#credentials.drop(tenant, device);
    this.#delete.run(tenant, device);
    this.#addToCount.run(tenant, -1);
    return done({ type: 'device', change: 'delete', tenant, device, enabled: false });
  }

  deleteAll({ tenant }: WriteOf<'delete-devices'>): Written {
    this.#credentials.dropAll(tenant);
    for (const each of this.#dropAll) each.run(tenant);
    return done({ type: 'all-devices-deleted', tenant });
  }

  provision(write: WriteOf<'provision-device'>): Written {
    const { tenant, device, credentials } = write;
    const refused = this.#refusal(tenant);
    if (refused === 'no-tenant') return notDone({ status: 'not-found', what: 'tenant' });
    const owner = credentials && this.#credentials.ownerOf(tenant, credentials);
    if (owner !== undefined) return notDone({ status: 'exists', device: owner });
    if (this.#find.get(tenant, device)) return notDone({ status: 'exists', device });
    if (refused) return refused;
    this.#add(write, true);
    if (!credentials) return done(deviceChange('create', write));
    this.#credentials.add(tenant, device, [credentials]);
    return done(deviceChange('create', write), { type: 'credentials', tenant, device });
  }

  noteEventSent({ tenant, device, version }: WriteOf<'note-provisioning-event-sent'>): Written {
    const row = this.#find.get(tenant, device);
    if (!row) return notDone({ status: 'not-found', what: 'device' });
    if (this.#tell.run(version, tenant, device).changes === 0) return done();
    const content = JSON.parse(String(row['content'])) as DeviceContent;
    return done(deviceChange('update', { tenant, device, content }));
  }

  /** Why the tenant may not have one more device. */
  #refusal(tenant: string): Written | 'no-tenant' | undefined {
    const limits = this.#tenants.limitsOf(tenant);
    if (!limits) return 'no-tenant';
    const limit = limits.maxDevices ?? this.#maxDevices;
    if (limit === -1 || Number(this.#count.get(tenant)?.['devices'] ?? 0) < limit) return undefined;
    return notDone({ status: 'limit-reached', what: 'devices', limit });
  }

  #add(write: WriteOf<'create-device'> | WriteOf<'provision-device'>, isProvisioned: boolean): void {
    const { tenant, device: id, content, version, at } = write;
    const provisioned = isProvisioned ? 1 : 0;
    this.#insert.run({ tenant, id, content: JSON.stringify(content), version, at, provisioned });
    this.#addToCount.run(tenant, 1);
    this.#relate(tenant, id, content);
  }

  #relate(tenant: string, id: string, { via = [], memberOf = [] }: DeviceContent): void {
    for (const gateway of via) this.#addVia.run(tenant, gateway, id);
    for (const group of memberOf) this.#addMember.run(tenant, group, id);
  }

  #unrelate(tenant: string, id: string, row: Row): void {
    const { via = [], memberOf = [] } = JSON.parse(String(row['content'])) as DeviceContent;
    for (const gateway of via) this.#dropVia.run(tenant, gateway, id);
    for (const group of memberOf) this.#dropMember.run(tenant, group, id);
  }
}

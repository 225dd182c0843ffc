import type { DatabaseSync } from 'node:sqlite';
import type { RegistryWrite } from '../registry-write.ts';
import { done, type Written } from '../written.ts';
import { CredentialWrites } from './credential-writes.ts';
import { DeviceWrites } from './device-writes.ts';
import { TenantWrites } from './tenant-writes.ts';

/** Its name in the table of notes. */
export const importNote = 'import';

/** Carries out writes, within the caller's transaction. If the outcome is not `done`, nothing was written. */
export class Writes {
  readonly #tenants: TenantWrites;
  readonly #devices: DeviceWrites;
  readonly #credentials: CredentialWrites;
  readonly #noteImport;

  constructor(database: DatabaseSync, maxDevicesPerTenant: number) {
    this.#tenants = new TenantWrites(database);
    this.#noteImport = {
      begun: database.prepare('INSERT OR IGNORE INTO notes VALUES (?)'),
      done: database.prepare('DELETE FROM notes WHERE name = ?'),
    };
    this.#credentials = new CredentialWrites(database, this.#tenants);
    this.#devices = new DeviceWrites(database, this.#tenants, this.#credentials, maxDevicesPerTenant);
  }

  apply(write: RegistryWrite): Written {
    switch (write.kind) {
      case 'create-tenant':
        return this.#tenants.create(write);
      case 'update-tenant':
        return this.#tenants.update(write);
      case 'delete-tenant':
        return this.#tenants.delete(write);
      case 'create-device':
        return this.#devices.create(write);
      case 'update-device':
        return this.#devices.update(write);
      case 'delete-device':
        return this.#devices.delete(write);
      case 'delete-devices':
        return this.#devices.deleteAll(write);
      case 'put-credentials':
        return this.#credentials.put(write);
      case 'provision-device':
        return this.#devices.provision(write);
      case 'note-provisioning-event-sent':
        return this.#devices.noteEventSent(write);
      case 'note-import':
        this.#noteImport[write.isUnderWay ? 'begun' : 'done'].run(importNote);
        return done();
      default:
        return write satisfies never;
    }
  }
}

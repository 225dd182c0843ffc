import type { DatabaseSync } from 'node:sqlite';
import type { RegistryWrite } from '../registry-write.ts';
import type { Written } from '../written.ts';
import { CredentialWrites } from './credential-writes.ts';
import { DeviceWrites } from './device-writes.ts';
import { TenantWrites } from './tenant-writes.ts';

/** Does what a write says, in a transaction of whoever calls. Each checks first: where the outcome is not `done`, nothing was written. */
export class Writes {
  readonly #tenants: TenantWrites;
  readonly #devices: DeviceWrites;
  readonly #credentials: CredentialWrites;

  constructor(database: DatabaseSync, maxDevicesPerTenant: number) {
    this.#tenants = new TenantWrites(database);
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
      case 'note-provisioning-told':
        return this.#devices.noteTold(write);
      default:
        return write satisfies never;
    }
  }
}

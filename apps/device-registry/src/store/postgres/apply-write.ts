import type { Client } from '@rollcall/postgres';
import type { RegistryWrite } from '../registry-write.ts';
import { noteImport } from './import-note.ts';
import type { Written } from '../written.ts';
import { putCredentials } from './credential-writes.ts';
import {
  createDevice,
  deleteDevice,
  deleteDevices,
  noteEventSent,
  provisionDevice,
  updateDevice,
} from './device-writes.ts';
import { createTenant, deleteTenant, updateTenant } from './tenant-writes.ts';

/**
 * Carries out a write, within the transaction of the writer whose turn it is. If the outcome is not `done`, nothing was written.
 */
export function applyWrite(client: Client, write: RegistryWrite, maxDevices: number): Promise<Written> {
  switch (write.kind) {
    case 'create-tenant':
      return createTenant(client, write);
    case 'update-tenant':
      return updateTenant(client, write);
    case 'delete-tenant':
      return deleteTenant(client, write);
    case 'create-device':
      return createDevice(client, write, maxDevices);
    case 'update-device':
      return updateDevice(client, write);
    case 'delete-device':
      return deleteDevice(client, write);
    case 'delete-devices':
      return deleteDevices(client, write);
    case 'put-credentials':
      return putCredentials(client, write);
    case 'provision-device':
      return provisionDevice(client, write, maxDevices);
    case 'note-provisioning-event-sent':
      return noteEventSent(client, write);
    case 'note-import':
      return noteImport(client, write);
    default:
      return write satisfies never;
  }
}

import { randomUUID } from 'node:crypto';
import type { CredentialContent, DeviceContent, TenantContent } from '../../store/registry-content.ts';
import type { DeviceSearchQuery } from '../../store/registry-search.ts';
import type { RegistryStore, RegistryStoreOptions } from '../../store/registry-store.ts';
import type { RegistryWrite, WriteOutcome } from '../../store/registry-write.ts';

/** A new, empty database. */
export interface DatabaseUnderTest {
  /** Opens the database. Further calls open the same one again. */
  open(options: RegistryStoreOptions): Promise<RegistryStore>;
}

export const done: WriteOutcome = { status: 'done' };
export const at = Date.parse('2026-11-29T10:00:00Z');
export const firstPage: DeviceSearchQuery = { pageSize: 30, pageIndex: 0, filters: [], order: [] };

/** Short forms of writes. */
export class Hand {
  readonly store: RegistryStore;

  constructor(store: RegistryStore) {
    this.store = store;
  }

  readonly write = (write: RegistryWrite): Promise<WriteOutcome> => this.store.write(write);

  tenant(tenant: string, content: TenantContent = {}, version: string = randomUUID()): Promise<WriteOutcome> {
    return this.write({ kind: 'create-tenant', tenant, content, version });
  }

  device(device: string, content: DeviceContent = {}, tenant = 'acme'): Promise<WriteOutcome> {
    return this.write({ kind: 'create-device', tenant, device, content, version: randomUUID(), at });
  }

  credentials(device: string, credentials: readonly CredentialContent[]): Promise<WriteOutcome> {
    return this.write({
      kind: 'put-credentials',
      tenant: 'acme',
      device,
      credentials,
      version: randomUUID(),
    });
  }

  async found(query: Partial<DeviceSearchQuery> = {}): Promise<readonly string[]> {
    const { found } = await this.store.searchDevices('acme', { ...firstPage, ...query });
    return found.map(({ id }) => id);
  }
}

/** Opens a new database, which is closed after the test. */
export type Given = (maxDevicesPerTenant?: number) => Promise<Hand>;

export const ca = (subject: string) => ({
  id: `ca of ${subject}`,
  'subject-dn': subject,
  'public-key': 'AA==',
  algorithm: 'EC',
  'not-before': '2026-01-01T00:00:00Z',
  'not-after': '2027-01-01T00:00:00Z',
});

export const password = (authId: string, hash = 'AAAA'): CredentialContent => ({
  type: 'hashed-password',
  'auth-id': authId,
  secrets: [{ id: 's', 'hash-function': 'sha-256', 'pwd-hash': hash }],
});

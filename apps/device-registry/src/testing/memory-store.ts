import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { CredentialContent, DeviceContent, TenantContent } from '../store/registry-content.ts';
import type { RegistryStore, RegistryStoreOptions } from '../store/registry-store.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';

export interface MemoryStore {
  readonly store: RegistryStore;
  tenant(id: string, content?: TenantContent): Promise<void>;
  /** Of the tenant `acme`. */
  device(id: string, content?: DeviceContent, credentials?: readonly CredentialContent[]): Promise<void>;
}

/** A registry in memory, with short ways to fill it. It is closed after the test. @param more further options of the store. */
export function memoryStore(more: Partial<RegistryStoreOptions> = {}): MemoryStore {
  const store = new SqliteStore({ file: ':memory:', maxDevicesPerTenant: -1, ...more });
  onTestFinished(() => store.close());
  const version = (): string => randomUUID();
  const done = async (written: ReturnType<RegistryStore['write']>): Promise<void> => {
    const { status } = await written;
    if (status !== 'done') throw new Error(`the store says ${status}`);
  };
  return {
    store,
    tenant: (tenant, content = {}) =>
      done(store.write({ kind: 'create-tenant', tenant, version: version(), content })),
    async device(device, content = {}, credentials) {
      const of = { tenant: 'acme', device };
      await done(store.write({ kind: 'create-device', ...of, version: version(), content, at: 0 }));
      if (credentials)
        await done(store.write({ kind: 'put-credentials', ...of, version: version(), credentials }));
    },
  };
}

import { ConfigError, type Clock, type Log } from '@rollcall/core';
import type { RegistryConfig } from '../config.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { importFile } from './transfer.ts';

/** Fills a database in which there is no tenant yet from the file that the options name. @throws ConfigError */
export async function importFirst(
  { values }: RegistryConfig,
  parts: { readonly store: RegistryStore; readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const { importFile: file } = values;
  if (file === undefined) return;
  const { total } = await parts.store.searchTenants({ pageSize: 1, pageIndex: 0, filters: [], order: [] });
  if (total > 0) return;
  const { tenants, devices, problems } = await importFile(file, { ...parts, values });
  if (problems.length > 0) throw new ConfigError(problems);
  parts.log.info({ file, tenants, devices }, 'imported a registry file');
}

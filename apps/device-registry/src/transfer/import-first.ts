import { ConfigError } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import type { RegistryConfig } from '../config.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { importFile } from './transfer.ts';

/**
 * Fills a database in which there is no tenant yet from the file that the options name, or goes on where a process was ended while it did
 * so: a part of the file would stay missing for ever.
 *
 * @throws ConfigError
 */
export async function importFirst(
  { values }: RegistryConfig,
  parts: { readonly store: RegistryStore; readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const { importFile: file } = values;
  if (file === undefined) return;
  const { store } = parts;
  // Of replicas that start together, one imports; what the others find then is whole.
  await store.importAlone(async () => {
    if (!(await store.isImportUnderWay())) {
      const { total } = await store.searchTenants({ pageSize: 1, pageIndex: 0, filters: [], order: [] });
      if (total > 0) return;
      await store.write({ kind: 'note-import', isUnderWay: true });
    }
    const { tenants, devices, problems } = await importFile(file, { ...parts, values });
    if (problems.length > 0) throw new ConfigError(problems);
    await store.write({ kind: 'note-import', isUnderWay: false });
    parts.log.info({ file, tenants, devices }, 'imported a registry file');
  });
}

import { ConfigError } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import type { RegistryConfig } from '../config.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { importFile } from './transfer.ts';

/**
 * Imports the file that the options name if the database has no tenant yet, or if an earlier import was interrupted: otherwise the rest
 * of the file would be missing for ever.
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
  // If replicas start together, one imports, and the others wait until the import is complete.
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

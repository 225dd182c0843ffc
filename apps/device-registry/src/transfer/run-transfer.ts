import { exitStatus } from '@rollcall/adapter-process/internal';
import { ConfigError } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import type { RegistryConfig } from '../config.ts';
import { openStore } from '../open-store.ts';
import { changeSubjects, maxKeptChanges } from '../store/change-outbox.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { exportFile, importFile } from './transfer.ts';

/** How many lines are written about entries that were not imported. */
const maxProblems = 50;

/**
 * Runs `import FILE` or `export FILE`, between a registry file and the database that the options name, while no service uses it. Resolves
 * with the exit status.
 *
 * @throws ConfigError, TransportError
 */
export async function runTransfer(
  action: string,
  files: readonly string[],
  config: RegistryConfig,
  parts: { readonly clock: Clock; readonly log: Log },
): Promise<number> {
  const [file, ...more] = files;
  if ((action !== 'import' && action !== 'export') || file === undefined || more.length > 0)
    throw new ConfigError(['the arguments must be none, or import FILE, or export FILE']);
  const store = await openStore(config, parts);
  try {
    if (action === 'export') {
      const { tenants, devices, leftOut } = await exportFile(file, store);
      for (const [what, count] of Object.entries(leftOut)) tell(`left out: ${count} ${what}`);
      tell(`exported tenants: ${tenants}, devices: ${devices}`);
      return exitStatus.stopped;
    }
    const { tenants, devices, problems } = await importFile(file, { ...parts, store, values: config.values });
    for (const problem of problems.slice(0, maxProblems)) tell(problem);
    if (problems.length > maxProblems) tell(`and ${problems.length - maxProblems} more`);
    const dropped = await dropTooMany(store);
    if (dropped > 0) tell(`adapters will not be told of ${dropped} changes: too many wait`);
    tell(`imported tenants: ${tenants}, devices: ${devices}`);
    return problems.length > 0 ? exitStatus.failed : exitStatus.stopped;
  } finally {
    await store.close();
  }
}

/** Drops the changes that the next service would drop. @returns how many. */
async function dropTooMany({ outbox }: RegistryStore): Promise<number> {
  let dropped = 0;
  if (outbox)
    for (const subject of changeSubjects)
      dropped += await outbox.removeBeyond(subject, { maxKept: maxKeptChanges, from: 0 });
  return dropped;
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

import { open } from 'node:fs/promises';
import { ConfigError } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import { bcryptCosts } from '@rollcall/device-registry';
import { createBcryptPool } from '@rollcall/device-registry/internal';
import type { ManagementValues } from '../management/management-options.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { exportRegistry, type Exported } from './export-registry.ts';
import { importRegistry, type Imported } from './import-registry.ts';
import { readRegistryFile } from './registry-file.ts';

export interface TransferParts {
  readonly store: RegistryStore;
  readonly values: ManagementValues;
  readonly clock: Clock;
  readonly log: Log;
}

/** How many passwords of a file may wait to be hashed. */
const maxHashing = 1_000;
/** How many characters are written together. */
const pieceLength = 65_536;

/** Writes a registry file to the database. @throws ConfigError if the file has a mistake: then nothing is written */
export async function importFile(
  file: string,
  { store, values, clock, log }: TransferParts,
): Promise<Imported> {
  const hashCost = Math.min(values.maxBcryptCost, bcryptCosts.max);
  const tenants = readRegistryFile(file, {
    tenantIdPattern: values.tenantIdPattern,
    deviceIdPattern: values.deviceIdPattern,
    credentials: {
      // The file may have higher costs than the option allows, but not higher than adapters compute.
      usernamePattern: /^[^]*$/,
      maxBcryptCost: bcryptCosts.max,
      hashCost,
      hashFunctions: [],
    },
  });
  const pool = createBcryptPool(maxHashing, { clock, log });
  try {
    const hasher = {
      hash: (owner: string, password: string, cost: number) =>
        pool.hash({ owner, isSuspect: false }, password, cost),
    };
    return await importRegistry(tenants, { store, clock, hasher, hashCost });
  } finally {
    await pool.close();
  }
}

/** Writes the database to a new registry file, which only its owner can read. @throws ConfigError if it cannot be created */
export async function exportFile(file: string, store: RegistryStore): Promise<Exported> {
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    throw new ConfigError([`${file}: cannot be made: ${(error as Error).message}`]);
  });
  let waiting = '';
  const flush = async (): Promise<void> => {
    const text = waiting;
    waiting = '';
    await handle.appendFile(text);
  };
  try {
    const done = await exportRegistry(store, async (text) => {
      waiting += text;
      if (waiting.length >= pieceLength) await flush();
    });
    await flush();
    await handle.sync();
    return done;
  } finally {
    await handle.close();
  }
}

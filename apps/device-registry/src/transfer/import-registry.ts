import { randomUUID } from 'node:crypto';
import type { Clock } from '@rollcall/core/environment';
import { hashPasswords, type PasswordHasher } from '../management/content/hash-passwords.ts';
import { completeCredentials } from '../management/content/merge-credentials.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import type { RegistryWrite, WriteOutcome } from '../store/registry-write.ts';
import type { FileDevice, FileTenant } from './registry-file.ts';

export interface ImportParts {
  readonly store: RegistryStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly hasher: PasswordHasher;
  /** Hashes the plain passwords of the file. */
  readonly hashCost: number;
}

export interface Imported {
  readonly tenants: number;
  readonly devices: number;
  /** What was not written, and why. Each text names its tenant and its device. */
  readonly problems: readonly string[];
}

/** How many devices are written at a time: they wait for the disk together. */
const together = 100;

/** Writes the contents of a file: existing entries are replaced, and none is removed. The same file may be imported again. */
export async function importRegistry(tenants: readonly FileTenant[], parts: ImportParts): Promise<Imported> {
  const importing = new Import(parts);
  for (const tenant of tenants) await importing.tenant(tenant);
  return importing.done;
}

class Import {
  readonly #parts: ImportParts;
  readonly done = { tenants: 0, devices: 0, problems: [] as string[] };

  constructor(parts: ImportParts) {
    this.#parts = parts;
  }

  async tenant({ id: tenant, content, devices }: FileTenant): Promise<void> {
    const facts = { tenant, content, version: randomUUID() };
    const outcome = await this.#replace(
      { kind: 'create-tenant', ...facts },
      { kind: 'update-tenant', ...facts },
    );
    if (!this.#isDone(tenant, outcome)) return;
    this.done.tenants += 1;
    const waiting = devices.values();
    const work = async (): Promise<void> => {
      for (const device of waiting) await this.#device(tenant, device);
    };
    await Promise.all(Array.from({ length: together }, work));
  }

  async #device(tenant: string, { id: device, content, credentials }: FileDevice): Promise<void> {
    const { store, clock, hasher, hashCost } = this.#parts;
    const where = `${tenant}/${device}`;
    const facts = { tenant, device, content, version: randomUUID(), at: clock.now() };
    const outcome = await this.#replace(
      { kind: 'create-device', ...facts },
      { kind: 'update-device', ...facts },
    );
    if (!this.#isDone(where, outcome)) return;
    const hashed = await hashPasswords(credentials, tenant, hashCost, hasher);
    const stored = await store.credentialsOf(tenant, device);
    if (hashed.length > 0 || (stored && stored.credentials.length > 0)) {
      const complete = completeCredentials(stored?.credentials ?? [], hashed, randomUUID);
      const version = randomUUID();
      const put = await store.write({
        kind: 'put-credentials',
        ...{ tenant, device, version },
        credentials: complete,
      });
      if (!this.#isDone(where, put)) return;
    }
    this.done.devices += 1;
  }

  async #replace(create: RegistryWrite, update: RegistryWrite): Promise<WriteOutcome> {
    const outcome = await this.#parts.store.write(create);
    const isThere = outcome.status === 'taken' && /^(?:tenant|device)-id$/.test(outcome.what);
    return isThere ? this.#parts.store.write(update) : outcome;
  }

  #isDone(where: string, outcome: WriteOutcome): boolean {
    if (outcome.status === 'done') return true;
    const what = 'what' in outcome ? ` (${outcome.what})` : '';
    this.done.problems.push(`${where}: ${outcome.status}${what}`);
    return false;
  }
}

import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  ConfigError,
  later,
  type Answer,
  type AssertionAnswer,
  type Clock,
  type Credentials,
  type CredentialsType,
  type DeviceId,
  type DeviceRef,
  type DeviceRegistry,
  type Log,
  type RegistryChange,
  type Tenant,
  type TenantId,
} from '@rollcall/core';
import { diffRegistries } from './diff-registries.ts';
import { parseRegistry } from './parse-registry.ts';
import { indexRegistry, indexTrustAnchors, type RegistryIndex } from './registry-index.ts';
import type { RegistryContent } from './schema.ts';

export interface FileRegistryOptions {
  /** JSON where it ends in `.json`, else YAML. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FileRegistry extends DeviceRegistry {
  /** Reads the file now, if it changed. What is wrong with it is logged, and the old content stays. */
  reload(): Promise<void>;
}

/** Editors and config-map mounts change a file in several steps. */
const settleMs = 200;
/** Watching does not work on every file system: the file is read from time to time all the same. */
const pollMs = 10_000;

/** Opens a registry file and follows its changes. @throws ConfigError with every problem, where it cannot be used. */
export async function openFileRegistry(options: FileRegistryOptions): Promise<FileRegistry> {
  const { file, clock, log } = options;
  // A password that did not change has the same hash at each load, or its devices would have to log in again.
  const saltKey = randomBytes(32);
  let text = await readText(file);
  let index = load(file, text, log, saltKey);
  let trustAnchors = indexTrustAnchors(index);
  const listeners = new Set<(change: RegistryChange) => void>();
  let disarm = (): void => {};
  let closed = false;

  async function reload(): Promise<void> {
    let next: string;
    try {
      next = await readText(file);
      if (next === text) return;
      text = next;
      const changed = load(file, next, log, saltKey);
      const changes = diffRegistries(index, changed);
      index = changed;
      trustAnchors = indexTrustAnchors(index);
      log.info({ file, changes: changes.length }, 'device registry reloaded');
      for (const change of changes) for (const listener of listeners) listener(change);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems)
        log.error({ file, problem }, 'changed device registry is not used');
    }
  }

  function reloadAfter(delayMs: number): void {
    disarm();
    if (closed) return;
    disarm = clock.at(later(clock.monotonic(), delayMs), () => {
      reload().then(
        () => reloadAfter(pollMs),
        (error: unknown) => log.error({ file, err: error }, 'device registry could not be reloaded'),
      );
    });
  }

  // The folder, not the file: a file that is replaced is another file. `persistent: false`: it keeps no process alive.
  const watcher = watch(dirname(file), { persistent: false }, () => reloadAfter(settleMs));
  watcher.on('error', (error) =>
    log.warn({ file, err: error }, 'device registry is no longer watched, only polled'),
  );
  reloadAfter(pollMs);

  return {
    reload,
    async getTenant(id) {
      return answer<Tenant>(index.get(id)?.tenant);
    },
    async getTenantByTrustAnchor(subjectDn) {
      return answer<Tenant>(trustAnchors.get(subjectDn));
    },
    async getCredentials<Type extends CredentialsType>(query: {
      readonly tenant: TenantId;
      readonly type: Type;
      readonly authId: string;
    }) {
      return answer<Credentials<Type>>(index.get(query.tenant)?.credentials[query.type].get(query.authId));
    },
    assertRegistration: async (device, gateway) => assertRegistration(index, device, gateway),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      disarm();
      watcher.close();
      listeners.clear();
    },
  };
}

function assertRegistration(
  index: RegistryIndex,
  { tenant, device }: DeviceRef,
  gateway?: DeviceId,
): AssertionAnswer {
  const devices = index.get(tenant)?.devices;
  const found = devices?.get(device);
  if (gateway !== undefined) {
    const via = devices?.get(gateway);
    if (!via?.enabled) return { status: 'not-authorized' };
    if (found?.enabled && !found.via.has(gateway)) return { status: 'not-authorized' };
  }
  if (!found?.enabled) return { status: 'not-found' };
  return { status: 'found', value: found.registration };
}

function answer<Value>(value: Value | undefined): Answer<Value> {
  return value === undefined ? { status: 'not-found' } : { status: 'found', value };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}

function load(file: string, text: string, log: Log, saltKey: Uint8Array): RegistryIndex {
  const parsed = parseRegistry(file, text);
  if (parsed.status === 'invalid') throw new ConfigError(parsed.problems);
  for (const { 'tenant-id': tenant, 'resource-limits': limits } of parsed.content.tenants)
    if ((limits['max-ttl'] ?? -1) >= 0)
      log.warn(
        { tenant, maxTtlSeconds: limits['max-ttl'] },
        'max-ttl bounds connection events too: one that nobody consumes in time is lost',
      );
  if (hasPlainPasswords(parsed.content))
    log.warn({ file }, 'device registry has plain passwords: for demonstrations only');
  return indexRegistry(parsed.content, saltKey);
}

function hasPlainPasswords({ tenants }: RegistryContent): boolean {
  return tenants.some((tenant) =>
    tenant.devices.some((device) =>
      device.credentials.some((each) =>
        each.secrets.some((secret) => 'pwd-plain' in secret && secret['pwd-plain'] !== undefined),
      ),
    ),
  );
}

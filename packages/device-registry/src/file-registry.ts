import { ConfigError } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import type { DeviceRegistry, IdentifierRule, RegistryChange, RegistryState } from '@rollcall/core/registry';
import { followFiles, whenSettled, type SeenFile } from '@rollcall/file-follower';
import { loadInThread, type Load } from './load-in-thread.ts';
import { createRegistryLoader, diedAgainMs, type RegistryLoader } from './registry-loader.ts';
import { createServedRegistry } from './served-registry.ts';

export interface FileRegistryOptions {
  /** Read as JSON if the name ends in `.json`, else as YAML. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * The file may have been cut off: if many devices or a whole tenant are missing in it, they are served for this long before
   * they go. Default 0: they go at once.
   */
  readonly holdMs?: number;
  /** Which tenants are not allowed, beside those that no registry may have; default: none. */
  readonly tenantRules?: readonly IdentifierRule[];
  /**
   * The file that keeps the names of what was served, without secrets, so that a start can compare too. Missing entries cannot be served,
   * and are `unavailable` for `holdMs`. Default: a start takes the file as it is.
   */
  readonly rememberIn?: string;
}

export interface FileRegistry extends DeviceRegistry {
  /** Reads the file now, settled or not, if it changed. What is wrong with it is logged, and the old content stays. */
  reload(): Promise<void>;
  state(): RegistryState;
  lookNow(): void;
}

/** A file that could not be read is tried again after this time. */
const awayAgainMs = 10_000;

/**
 * Opens a registry file once no one writes to it, and follows its changes. It is read and compared in a thread of its own.
 *
 * @throws ConfigError with every problem, where it cannot be used.
 */
export function openFileRegistry(options: FileRegistryOptions): Promise<FileRegistry> {
  return openLoadedRegistry(loadInThread, options);
}

/** As `openFileRegistry`, with `loadFile` for the thread. */
export async function openLoadedRegistry(
  loadFile: Load,
  options: FileRegistryOptions,
): Promise<FileRegistry> {
  const { file, clock, log, holdMs = 0, tenantRules = [], rememberIn } = options;
  const served = createServedRegistry();
  const { getTenant, getTenantByName, getTenantByTrustAnchor, getCredentials, assertRegistration } = served;
  const listeners = new Set<(change: RegistryChange) => void>();
  const loader = createRegistryLoader({
    file,
    loadFile,
    clock,
    log,
    served,
    holdMs,
    tenantRules,
    ...(rememberIn !== undefined && { rememberIn }),
    changed: (change) => tellAll(listeners, change, file, log),
  });
  const unsettled = (): void =>
    loader.fault('device registry is written to without end: what is in it does not count', [
      `${file}: changes again before it was left alone for a second`,
    ]);

  const read = await loadFirst(loader, () => whenSettled(file, clock, unsettled));
  const follower = followFiles({
    files: [file],
    clock,
    read,
    unsettled,
    readNow: () => reload(loader),
    async seen(seen) {
      await loader.seen(seen.status === 'seen' ? seen.signature : undefined);
      if (seen.status === 'away')
        loader.fault('device registry cannot be read, what was read earlier stays', [seen.problem]);
    },
  });

  return {
    getTenant,
    getTenantByName,
    getTenantByTrustAnchor,
    getCredentials,
    assertRegistration,
    tellsEveryChange: true,
    async reload() {
      await reload(loader);
    },
    lookNow: () => follower.lookNow(),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => loader.state(),
    async close() {
      follower.stop();
      loader.close();
      listeners.clear();
    },
  };
}

/** Returns the signature of the file that was loaded. */
async function loadFirst(loader: RegistryLoader, settled: () => Promise<SeenFile>): Promise<string> {
  for (;;) {
    const seen = await settled();
    if (seen.status === 'away') throw unreadable(seen.problem);
    const result = await loader.load();
    if (result.status === 'loaded') return result.signature;
    if (result.status === 'away') throw unreadable(result.problem);
    if (result.status === 'invalid')
      throw new ConfigError(result.problems.map((text) => ({ code: 'REGISTRY_INVALID', text })));
  }
}

function unreadable(text: string): ConfigError {
  return new ConfigError([{ code: 'REGISTRY_UNREADABLE', text }]);
}

/** Loads what is in the file now. What is wrong with it is logged. */
async function reload(
  loader: RegistryLoader,
): Promise<{ readonly signature: string } | { readonly againInMs: number }> {
  try {
    const result = await loader.load();
    if ('signature' in result) return result;
    return { againInMs: result.status === 'away' ? awayAgainMs : 0 };
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [String(error)];
    loader.fault('device registry could not be loaded, what was read earlier stays', problems);
    return { againInMs: diedAgainMs };
  }
}

function tellAll(
  listeners: ReadonlySet<(change: RegistryChange) => void>,
  change: RegistryChange,
  file: string,
  log: Log,
): void {
  for (const listener of listeners)
    try {
      listener(change);
    } catch (error) {
      log.error({ file, err: error }, 'a change of the device registry was not handled: a listener failed');
    }
}

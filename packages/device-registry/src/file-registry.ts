import {
  ConfigError,
  type Clock,
  type DeviceRegistry,
  type IdentifierRule,
  type Log,
  type RegistryChange,
  type RegistryState,
} from '@rollcall/core';
import { followFiles, whenSettled } from '@rollcall/file-follower';
import { createRegistryLoader } from './registry-loader.ts';
import { createServedRegistry } from './served-registry.ts';

export interface FileRegistryOptions {
  /** JSON where it ends in `.json`, else YAML. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * How long devices that are missing in a file that changed stay all the same, where they are many or a whole tenant: the file
   * may have been cut off. Default 0: not at all.
   */
  readonly holdMs?: number;
  /** Tenants that cannot be, beside those that no registry may have; default: none. */
  readonly tenantRules?: readonly IdentifierRule[];
}

export interface FileRegistry extends DeviceRegistry {
  /** Reads the file now, settled or not, if it changed. What is wrong with it is logged, and the old content stays. */
  reload(): Promise<void>;
  state(): RegistryState;
  lookNow(): void;
}

/** When a file is tried again that could not be read. */
const awayAgainMs = 10_000;
/** When a file is tried again whose thread died: it may have taken all the memory there is. */
const diedAgainMs = 60_000;

/**
 * Opens a registry file, once it has settled, and follows its changes. It is read and compared in a thread of its own.
 *
 * @throws ConfigError with every problem, where it cannot be used.
 */
export async function openFileRegistry(options: FileRegistryOptions): Promise<FileRegistry> {
  const { file, clock, log, holdMs = 0, tenantRules = [] } = options;
  const served = createServedRegistry();
  const { getTenant, getTenantByTrustAnchor, getCredentials, assertRegistration } = served;
  let closed = false;
  const listeners = new Set<(change: RegistryChange) => void>();
  const loader = createRegistryLoader({
    file,
    clock,
    log,
    served,
    holdMs,
    tenantRules,
    changed(change) {
      for (const listener of listeners)
        try {
          listener(change);
        } catch (error) {
          log.error({ file, err: error }, 'a change of the device registry was not heeded');
        }
    },
  });
  const unsettled = (): void =>
    loader.fault('device registry is written to without end: what is in it does not count', [
      `${file}: changes again before it was left alone for a second`,
    ]);

  async function readNow(): Promise<{ readonly signature: string } | { readonly againInMs: number }> {
    try {
      const result = await loader.load();
      if ('signature' in result) return result;
      return { againInMs: result.status === 'away' ? awayAgainMs : 0 };
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems : [String(error)];
      if (!closed) loader.fault('device registry could not be loaded, what was read earlier stays', problems);
      return { againInMs: diedAgainMs };
    }
  }

  const first = await loadFirst();
  const follower = followFiles({
    files: [file],
    clock,
    read: first,
    unsettled,
    readNow,
    async seen(seen) {
      await loader.seen(seen.status === 'seen' ? seen.signature : undefined);
      if (seen.status === 'away')
        loader.fault('device registry cannot be read, what was read earlier stays', [seen.problem]);
    },
  });

  /** What the file looked like. */
  async function loadFirst(): Promise<string> {
    for (;;) {
      const seen = await whenSettled(file, clock, unsettled);
      if (seen.status === 'away') throw new ConfigError([seen.problem]);
      const result = await loader.load();
      if (result.status === 'loaded') return result.signature;
      if (result.status === 'away') throw new ConfigError([result.problem]);
      if (result.status === 'invalid') throw new ConfigError(result.problems);
    }
  }

  return {
    getTenant,
    getTenantByTrustAnchor,
    getCredentials,
    assertRegistration,
    async reload() {
      await readNow();
    },
    lookNow: () => follower.lookNow(),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => loader.state(),
    async close() {
      closed = true;
      follower.stop();
      loader.close();
      listeners.clear();
    },
  };
}

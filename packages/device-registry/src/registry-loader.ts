import { randomBytes } from 'node:crypto';
import type { Clock, Log, RegistryChange, RegistryState, Timestamp } from '@rollcall/core';
import { createFaultReport } from './fault-report.ts';
import { loadInThread } from './load-in-thread.ts';
import type { LoadedRegistry, LoadResult } from './load-registry.ts';
import type { EntryChange } from './registry-entries.ts';
import type { ServedRegistry } from './served-registry.ts';

export interface LoaderOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly served: ServedRegistry;
  changed(change: RegistryChange): void;
}

/** Puts what is in a registry file in the place of what is served. */
export interface RegistryLoader {
  /** One at a time. What is wrong is logged, and what was served stays. @throws ConfigError where the thread died. */
  load(): Promise<LoadResult>;
  /** What the file looks like now; `undefined`: it is away. */
  seen(signature: string | undefined): void;
  /** What stays wrong is told once a minute. */
  fault(message: string, problems: readonly string[]): void;
  state(): RegistryState;
  close(): void;
}

export function createRegistryLoader({ file, clock, log, served, changed }: LoaderOptions): RegistryLoader {
  // A password that did not change has the same hash at each load, or its devices would have to log in again.
  const saltKey = randomBytes(32);
  const closing = new AbortController();
  const faults = createFaultReport(file, clock, log);
  let last: Pick<LoadedRegistry, 'digest' | 'fingerprints'> | undefined;
  let servedSignature: string | undefined;
  let seenSignature: string | undefined;
  let devices = 0;
  let loadedAt = clock.now();
  let failedAt: Timestamp | undefined;
  let latest: Promise<unknown> = Promise.resolve();

  function fault(message: string, problems: readonly string[]): void {
    failedAt = clock.now();
    faults.tell(message, { problems });
  }

  /** The first load has somebody who is told. */
  function faultOfReload(message: string, problems: readonly string[]): void {
    if (last) fault(message, problems);
  }

  async function loadNow(): Promise<LoadResult> {
    const { result, slices } = await loadInThread(
      { file, saltKey, ...(last && { served: last }) },
      closing.signal,
    );
    switch (result.status) {
      case 'away':
        faultOfReload('device registry cannot be read, what was read earlier stays', [result.problem]);
        break;
      case 'invalid':
        seenSignature = result.signature;
        faultOfReload('changed device registry is not used, what was read earlier stays', result.problems);
        break;
      case 'unchanged':
        seenSignature = servedSignature = result.signature;
        break;
      case 'loaded':
        await use(result, slices);
        break;
      case 'moved':
        break;
      default:
        result satisfies never;
    }
    return result;
  }

  async function use(loaded: LoadedRegistry, slices: readonly (readonly EntryChange[])[]): Promise<void> {
    for (const slice of slices) {
      for (const change of served.apply(slice)) changed(change);
      // Whatever else there is to do comes first.
      await new Promise((resolve) => setImmediate(resolve));
      if (closing.signal.aborted) return;
    }
    const isFirst = last === undefined;
    last = { digest: loaded.digest, fingerprints: loaded.fingerprints };
    seenSignature = servedSignature = loaded.signature;
    ({ devices } = loaded);
    loadedAt = clock.now();
    for (const warning of loaded.warnings) log.warn({ file }, warning);
    log.info(
      {
        file,
        tenants: loaded.tenants,
        devices,
        changes: slices.reduce((sum, { length }) => sum + length, 0),
      },
      `device registry ${isFirst ? 'loaded' : 'reloaded'}`,
    );
  }

  return {
    load() {
      const loading = latest.then(loadNow);
      latest = loading.catch(() => {});
      return loading;
    },
    seen(signature) {
      seenSignature = signature;
    },
    fault,
    state: () => ({
      current: servedSignature !== undefined && seenSignature === servedSignature,
      loadedAt,
      ...(failedAt !== undefined && { failedAt }),
      devices,
    }),
    close: () => closing.abort(),
  };
}

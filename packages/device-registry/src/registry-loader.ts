import { randomBytes } from 'node:crypto';
import type {
  Clock,
  IdentifierRule,
  Instant,
  Log,
  RegistryChange,
  RegistryState,
  Timestamp,
} from '@rollcall/core';
import { readAccepted } from './accepted-file.ts';
import { createFaultReport } from './fault-report.ts';
import { heldBackText, type HeldBack } from './held-back.ts';
import { loadInThread } from './load-in-thread.ts';
import type { LoadedRegistry, LoadResult } from './load-registry.ts';
import type { EntryChange } from './registry-entries.ts';
import type { ServedRegistry } from './served-registry.ts';

export interface LoaderOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly served: ServedRegistry;
  /** How long what is missing is held back while the file stays as it is; 0: not at all. */
  readonly holdMs: number;
  readonly tenantRules: readonly IdentifierRule[];
  changed(change: RegistryChange): void;
}

/** Puts what is in a registry file in the place of what is served. */
export interface RegistryLoader {
  /** One at a time. What is wrong is logged, and what was served stays. @throws ConfigError where the thread died. */
  load(): Promise<LoadResult>;
  /**
   * What the file looks like now; `undefined`: it is away. Where something is held back, and it stayed so for long enough, or is accepted,
   * it goes. Never rejects.
   */
  seen(signature: string | undefined): Promise<void>;
  /** What stays wrong is told once a minute. */
  fault(message: string, problems: readonly string[]): void;
  state(): RegistryState;
  close(): void;
}

export function createRegistryLoader(options: LoaderOptions): RegistryLoader {
  const { file, clock, log, served, changed, holdMs } = options;
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
  /** What is held back, since when, and of which file. */
  let held: { readonly what: HeldBack; readonly since: Instant; readonly digest: string } | undefined;
  let latest: Promise<unknown> = Promise.resolve();

  function fault(message: string, problems: readonly string[]): void {
    failedAt = clock.now();
    faults.tell(message, { problems });
  }

  /** The first load has somebody who is told. */
  function faultOfReload(message: string, problems: readonly string[]): void {
    if (last) fault(message, problems);
  }

  async function loadNow(accepted?: string): Promise<LoadResult> {
    const { result, slices } = await loadInThread(
      {
        file,
        saltKey,
        holdsBack: holdMs > 0,
        tenantRules: options.tenantRules,
        ...(last && { served: last }),
        ...(accepted !== undefined && { accepted }),
      },
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
    hold(loaded);
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

  function hold({ held: what, digest }: LoadedRegistry): void {
    const since = held?.digest === digest ? held.since : clock.monotonic();
    held = what && { what, since, digest };
    if (held) tellOfHeld(held.what, digest);
  }

  function tellOfHeld(what: HeldBack, digest: string): void {
    faults.tell('devices are missing in the device registry, and stay until it is sure that this is meant', {
      problems: [
        heldBackText(what),
        `they go after ${holdMs / 1_000} s, or with: rollcall registry accept ${file}`,
        `SHA-256 of the file: ${digest}`,
      ],
    });
  }

  /** One at a time. */
  function load(accepted?: string): Promise<LoadResult> {
    const loading = latest.then(() => loadNow(accepted));
    latest = loading.catch(() => {});
    return loading;
  }

  return {
    load: () => load(),
    async seen(signature) {
      seenSignature = signature;
      if (!held || signature !== servedSignature) return;
      tellOfHeld(held.what, held.digest);
      const isOver = clock.monotonic() - held.since >= holdMs;
      if (!isOver && (await readAccepted(file)) !== held.digest) return;
      const { digest } = held;
      await load(digest).catch((error: unknown) => {
        if (!closing.signal.aborted) fault('device registry could not be loaded', [String(error)]);
      });
    },
    fault,
    state: () => ({
      current: servedSignature !== undefined && seenSignature === servedSignature && !held,
      loadedAt,
      ...(failedAt !== undefined && { failedAt }),
      devices,
      heldDevices: held?.what.devices ?? 0,
    }),
    close: () => closing.abort(),
  };
}

import { randomBytes } from 'node:crypto';
import type { Instant, Timestamp } from '@rollcall/core';
import { later, type Clock, type Log } from '@rollcall/core/environment';
import type { IdentifierRule, RegistryChange, RegistryState } from '@rollcall/core/registry';
import { readAccepted } from './accepted-file.ts';
import { createFaultReport, type FaultReport } from './fault-report.ts';
import { heldBackText, type HeldBack } from './held-back.ts';
import type { Load } from './load-in-thread.ts';
import type { LoadedRegistry, LoadResult } from './load-registry.ts';
import type { EntryChange } from './registry-entries.ts';
import type { ServedRegistry } from './served-registry.ts';

/** A file whose thread died is tried again after this time: it may have taken all the memory there is. */
export const diedAgainMs = 60_000;

export interface LoaderOptions {
  readonly file: string;
  readonly loadFile: Load;
  readonly clock: Clock;
  readonly log: Log;
  readonly served: ServedRegistry;
  /** How long missing devices are held back while the file stays as it is; 0: not at all. */
  readonly holdMs: number;
  readonly tenantRules: readonly IdentifierRule[];
  /** See `LoadRequest`. */
  readonly rememberIn?: string;
  changed(change: RegistryChange): void;
}

/** Loads a registry file into the registry that is served. */
export interface RegistryLoader {
  /** Loads the file after any load under way. Logs problems; what was served then stays. @throws ConfigError if the thread died. */
  load(): Promise<LoadResult>;
  /**
   * Takes what the file looks like now; `undefined`: it is away. Entries that are held back go once the file stayed like this for long
   * enough, or the operator accepted it. Never rejects.
   */
  seen(signature: string | undefined): Promise<void>;
  /** Logs a fault: one that stays, once a minute; nothing once it is closed. */
  fault(message: string, problems: readonly string[]): void;
  state(): RegistryState;
  close(): void;
}

/** What is served now, and from which file it was read. */
type Served = Pick<LoadedRegistry, 'signature' | 'digest' | 'fingerprints' | 'devices'>;

/** What is held back, since when, and because of which file. */
interface Held {
  readonly what: HeldBack;
  /** See `LoadedRegistry`. */
  readonly withheldDevices: number;
  /** Undefined while the file is away or invalid. */
  since: Instant | undefined;
  readonly digest: string;
}

export function createRegistryLoader(options: LoaderOptions): RegistryLoader {
  return new Loader(options);
}

class Loader implements RegistryLoader {
  readonly #options: LoaderOptions;
  // One key for all loads: a plain password that did not change keeps its hash. Otherwise its devices would have to log in again.
  readonly #saltKey = randomBytes(32);
  readonly #closing = new AbortController();
  readonly #faults: FaultReport;
  #served: Served | undefined;
  #held: Held | undefined;
  /** Not before, it is tried again to let go what is held. */
  #goNotBefore: Instant;
  /** What the file looks like now; `undefined`: it is away, or was not looked at yet. */
  #seenSignature: string | undefined;
  #loadedAt: Timestamp;
  #failedAt: Timestamp | undefined;
  #latest: Promise<unknown> = Promise.resolve();

  constructor(options: LoaderOptions) {
    const { file, clock, log } = options;
    this.#options = options;
    this.#faults = createFaultReport(file, clock, log);
    this.#loadedAt = clock.now();
    this.#goNotBefore = clock.monotonic();
  }

  async load(): Promise<LoadResult> {
    // The operator may have accepted a content while no adapter ran.
    return this.#loadInTurn(this.#served ? undefined : await this.#accepted());
  }

  async seen(signature: string | undefined): Promise<void> {
    this.#seenSignature = signature;
    const held = this.#held;
    if (signature === undefined) this.#interruptHold();
    if (signature !== this.#served?.signature) return;
    if (!held) {
      this.#tellThatAllIsServed();
      return;
    }
    this.#tellOfHeld(held);
    const { clock } = this.#options;
    held.since ??= clock.monotonic();
    if (clock.monotonic() < this.#goNotBefore || !(await this.#mayGo(held))) return;
    await this.#loadInTurn(held.digest).catch((error: unknown) => {
      this.#goNotBefore = later(clock.monotonic(), diedAgainMs);
      this.fault('device registry could not be loaded', [String(error)]);
    });
  }

  fault(message: string, problems: readonly string[]): void {
    if (this.#closing.signal.aborted) return;
    this.#failedAt = this.#options.clock.now();
    this.#faults.tell(message, { problems });
  }

  state(): RegistryState {
    return {
      current: this.#served !== undefined && this.#seenSignature === this.#served.signature && !this.#held,
      loadedAt: this.#loadedAt,
      ...(this.#failedAt !== undefined && { failedAt: this.#failedAt }),
      devices: this.#served?.devices ?? 0,
      heldDevices: this.#held?.what.devices ?? 0,
    };
  }

  close(): void {
    this.#closing.abort();
  }

  /** One at a time. @param accepted digest of a file of which nothing is held back. */
  #loadInTurn(accepted?: string): Promise<LoadResult> {
    const loading = this.#latest.then(() => this.#loadNow(accepted));
    this.#latest = loading.catch(() => {});
    return loading;
  }

  async #loadNow(accepted: string | undefined): Promise<LoadResult> {
    const { file, loadFile, holdMs, tenantRules, rememberIn } = this.#options;
    const { result, slices } = await loadFile(
      {
        file,
        saltKey: this.#saltKey,
        holdsBack: holdMs > 0,
        tenantRules,
        ...(this.#served && { served: this.#served }),
        ...(accepted !== undefined && { accepted }),
        ...(rememberIn !== undefined && { rememberIn }),
      },
      this.#closing.signal,
    );
    switch (result.status) {
      case 'away':
        this.#interruptHold();
        this.#faultOfReload('device registry cannot be read, what was read earlier stays', [result.problem]);
        break;
      case 'invalid':
        this.#interruptHold();
        this.#seenSignature = result.signature;
        this.#faultOfReload(
          'changed device registry is not used, what was read earlier stays',
          result.problems,
        );
        break;
      case 'unchanged':
        this.#seenSignature = result.signature;
        if (this.#served) this.#served = { ...this.#served, signature: result.signature };
        if (!this.#held) this.#tellThatAllIsServed();
        break;
      case 'loaded':
        await this.#use(result, slices);
        break;
      case 'moved':
        break;
      default:
        result satisfies never;
    }
    return result;
  }

  /** A fault was logged, and the file is now what it was before: without this, no line would say that it is loaded. */
  #tellThatAllIsServed(): void {
    if (!this.#served || !this.#faults.over()) return;
    this.#options.log.info({ file: this.#options.file }, 'device registry: the file is what is served again');
  }

  /** The caller of the first load gets its error. */
  #faultOfReload(message: string, problems: readonly string[]): void {
    if (this.#served) this.fault(message, problems);
  }

  async #use(loaded: LoadedRegistry, slices: readonly (readonly EntryChange[])[]): Promise<void> {
    const { file, clock, log, served, changed } = this.#options;
    for (const slice of slices) {
      for (const change of served.apply(slice)) changed(change);
      // Lets everything else that waits for the event loop go first.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#closing.signal.aborted) return;
    }
    const verb = this.#served ? 'reloaded' : 'loaded';
    const { signature, digest, fingerprints, tenants, devices } = loaded;
    this.#served = { signature, digest, fingerprints, devices };
    this.#seenSignature = signature;
    this.#hold(loaded);
    this.#loadedAt = clock.now();
    for (const warning of loaded.warnings) log.warn({ file }, warning);
    if (loaded.notRemembered !== undefined)
      log.warn(
        { file, cause: loaded.notRemembered },
        'device registry: a start cannot compare it with what was served before',
      );
    const changes = slices.reduce((sum, { length }) => sum + length, 0);
    log.info({ file, tenants, devices, changes }, `device registry ${verb}`);
    if (!this.#held) this.#faults.over();
  }

  /** The content that is held back is not on disk: its hold time begins again when it is. */
  #interruptHold(): void {
    if (this.#held) this.#held.since = undefined;
  }

  #hold({ held: what, digest, withheldDevices }: LoadedRegistry): void {
    const before = this.#held?.digest === digest ? this.#held.since : undefined;
    const since = before ?? this.#options.clock.monotonic();
    this.#held = what && { what, withheldDevices, since, digest };
    if (this.#held) this.#tellOfHeld(this.#held);
  }

  /** Whether what is held back was held for long enough, or the operator accepted that it goes. */
  async #mayGo({ since, digest }: Held): Promise<boolean> {
    const { clock, holdMs } = this.#options;
    return (
      (since !== undefined && clock.monotonic() - since >= holdMs) || (await this.#accepted()) === digest
    );
  }

  async #accepted(): Promise<string | undefined> {
    const { digest, problem } = await readAccepted(this.#options.file);
    if (problem !== undefined)
      this.#faults.tell('device registry: what an operator accepted cannot be read', { problems: [problem] });
    return digest;
  }

  #tellOfHeld({ what, withheldDevices, digest }: Held): void {
    const { file, holdMs } = this.#options;
    this.#faults.tell(
      'devices are missing in the device registry, and are held until it is sure that this is meant',
      {
        problems: [
          heldBackText(what),
          ...(withheldDevices > 0
            ? [`${withheldDevices} of them were there in an earlier run: they are asked to come again later`]
            : []),
          `they go after ${holdMs / 1_000} s, or with: rollcall registry accept ${file}`,
          `SHA-256 of the file: ${digest}`,
        ],
      },
    );
  }
}

import type { DeviceDataSender } from '@rollcall/core/device-data';
import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import type { EventSink } from '@rollcall/core/sink';
import type { CreateDirectory, CreateUndertaker, PublishingSignal } from '@rollcall/core/directory';
import type { DeviceRegistry, PasswordVerifier } from '@rollcall/core/registry';
import { type AdmissionLimits, defaultLogins, type LoginSettings } from '@rollcall/access/internal';
import type { FollowedFiles } from '@rollcall/file-follower';
import type { EarlyHealth } from '../health/early-health.ts';
import type { Journal, OutboxBounds } from '@rollcall/outbox';
import type { LostEvents } from '@rollcall/outbox/internal';
import type { LoopWatch } from '@rollcall/runtime';
import type { AdapterObserver, HostContext, ListenAddress, ProtocolAdapter } from '@rollcall/adapter-kit';

/** What an adapter is made of. It closes `sinks`, `sender`, `journal`, `files` and `health`, also where it cannot start; the rest is the caller's. */
export interface AdapterParts {
  readonly adapter: ProtocolAdapter;
  readonly registry: DeviceRegistry;
  readonly passwords: PasswordVerifier;
  readonly sinks: readonly EventSink[];
  readonly sender: DeviceDataSender;
  /** Default: one in memory, which ends with the adapter. */
  readonly journal?: Journal;
  /** Joins a fleet; default: the adapter is alone. */
  readonly directory?: CreateDirectory;
  /** Of that fleet: tells here how connections of dead instances ended; default: others do. */
  readonly undertaker?: CreateUndertaker;
  /** What the undertaker asks, too, before it declares an instance dead; absent: nothing. */
  readonly publishingSignal?: PublishingSignal;
  readonly clock: Clock;
  /** Default: one on `clock`. */
  readonly loop?: LoopWatch;
  readonly random: Random;
  readonly log: Log;
  /** Certificates and secrets in files that are used already; default: none. */
  readonly files?: FollowedFiles;
  /** Says which ports the adapter binds; default: those that are configured. */
  readonly portFor?: HostContext['portFor'];
  /** Where probes and metrics are answered already; default: as the settings say. */
  readonly health?: EarlyHealth;
  /** Observers, beside the metrics. */
  readonly observers?: readonly Partial<AdapterObserver>[];
  readonly settings: AdapterRunSettings;
}

export interface AdapterRunSettings {
  /** Stable name of this adapter; one journal each. */
  readonly adapterId: string;
  readonly exposeRemoteAddress: boolean;
  readonly maxConnections: number;
  /** What devices that connect at once may use. */
  readonly admission: AdmissionLimits;
  /** Sessions that a device may have at a time, where the registry says nothing; 0: no limit, default 100. */
  readonly maxSessionsPerDevice?: number;
  /** Default: {@link defaultLogins}. */
  readonly logins?: LoginSettings;
  /** Of one device; 0: no limit. */
  readonly maxMessagesPerSecond: number;
  /** Sessions that a stop ends in a second, before it ends the rest; default 0: all at once. */
  readonly drainPerSecond?: number;
  /** An adapter of its fleet that gives no sign of life for so long is declared dead; default 10 s. */
  readonly deadAfterMs?: number;
  /** Longest time a device waits for the journal, and the directory of a fleet, before it is answered. */
  readonly commitWaitMs: number;
  /** How often each open connection is announced again; 0: never. */
  readonly announceIntervalMs: number;
  readonly outbox: OutboxBounds;
  /** Where probes and metrics are answered; absent: nowhere. */
  readonly health?: { readonly host: string; readonly port: number };
}

export interface RunningAdapter {
  readonly identity: AdapterIdentity;
  readonly listening: readonly ListenAddress[];
  /** The port of the health server, if any. */
  readonly healthPort: number | undefined;
  /**
   * Lets no device in, ends open connections with `adapter-shutdown`, waits up to `graceMs` until the sinks confirmed
   * what was published, and closes everything. Idempotent. See {@link stopAdapter}.
   *
   * @throws what could not be closed, after everything else is.
   */
  stop(options: { readonly graceMs: number }): Promise<void>;
  /** Once it has stopped: what the sinks will never get. Empty: everything was confirmed, or is in the journal. */
  readonly lost: readonly LostEvents[];
}

/** Where the settings say nothing. */
const defaultSettings = {
  maxSessionsPerDevice: 100,
  logins: defaultLogins,
  drainPerSecond: 0,
  deadAfterMs: 10_000,
} as const;

export type CompleteSettings = AdapterRunSettings &
  Required<Pick<AdapterRunSettings, keyof typeof defaultSettings>>;

export function completeSettings(settings: AdapterRunSettings): CompleteSettings {
  return { ...defaultSettings, ...settings };
}

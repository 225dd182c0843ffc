import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import type { CredentialsType } from '@rollcall/core/registry';
import type { HostAccess } from '@rollcall/access';
import type { FollowedSet } from '@rollcall/file-follower';
import type { HostLeases, HostPresence } from '@rollcall/presence';
import type { TurnedAway } from './listening/turned-away.ts';
import type { AppMetrics } from './observer/app-metrics.ts';
import type { HostUplink } from '@rollcall/uplink';

/** What an app hands to the kit: one per protocol, no base class. */
export interface ProtocolAdapter {
  /** Hono's type name, e.g. `hono-mqtt`: `source` of the events, `orig_adapter` of device data, key of tenant settings. */
  readonly type: string;
  /** The types of credentials that its devices may use; absent: all. */
  readonly credentialsTypes?: readonly CredentialsType[];
  /** Whether its devices have sessions or leases; absent: sessions, which a stop can end one after the other. */
  readonly presence?: 'lease';
  /** Why several processes cannot serve it behind one port, and what to do instead; absent: they can. */
  readonly oneProcessSince?: string;
  /** Resolves once every socket is bound; rejects where one cannot be. */
  start(host: AdapterHost): Promise<RunningProtocol>;
}

/** What is running once an app has started. */
export interface RunningProtocol {
  /** Bound addresses by scheme: with port 0 the only way to learn the port. */
  readonly listening: readonly ListenAddress[];
  /** Lets no new device in. Open connections go on until the kit ends them. */
  stopAccepting(): Promise<void>;
  /** Drops whatever is still open. */
  close(): Promise<void>;
}

export interface ListenAddress {
  /** `mqtt`, `mqtts`, `http`, … */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

/** A port that is to be bound. */
export interface PortToBind {
  readonly port: number;
  /** Other processes of this adapter bind it, too: the kernel spreads connections among them (`SO_REUSEPORT`). */
  readonly reusePort: boolean;
}

/** What the kit hands to an app. */
export interface AdapterHost {
  readonly context: HostContext;
  readonly access: HostAccess;
  readonly presence: HostPresence;
  readonly leases: HostLeases;
  readonly uplink: HostUplink;
}

/** What every part of an app works with. */
export interface HostContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly identity: AdapterIdentity;
  /** What the app counts beside what the kit counts, for `/metrics`. */
  readonly metrics: AppMetrics;
  /**
   * Reports an error that was thrown while one peer was served, and that affects only this peer: it is counted, and logged once a minute with its stack.
   *
   * @param where a place in the app, e.g. `mqtt`: a label of a metric.
   */
  failed(where: string, error: unknown): void;
  /** Counts a network connection that was closed because there was no place for it; the log says once a minute how many, and from where. */
  readonly turnedAway: TurnedAway['count'];
  /** Follows files that a listener uses, such as its key and certificate. */
  followFiles(set: FollowedSet): void;
  /**
   * Which port to bind instead of a configured one; absent: that one. It is set if the adapter is one of several processes.
   * Rejects with the `code` of Node.js if the port cannot be bound.
   */
  portFor?(wanted: ListenAddress): Promise<PortToBind>;
}

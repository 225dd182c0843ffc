import type { DevicePresence, Ending, OpenConnection } from '@rollcall/client';
import type { DeviceRef } from '@rollcall/core';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';

/** What is known about a device; `unknown` without connections if there was never an event of it. */
export interface StoredDevice {
  readonly presence: DevicePresence;
  /** Its latest ending, of a device that is online or unknown too. */
  readonly lastEnding?: Ending;
}

/** A connection of the history. */
export interface StoredConnection {
  readonly connection: OpenConnection;
  /** Absent: it is open, or that is not known. */
  readonly ending?: Ending;
  /** Whether its state is not known any more: announcements were missed, or its adapter lost its journal. */
  readonly silent: boolean;
  /** Of one without an ending: when another connection took its slot. */
  readonly takenOverAt?: number;
}

export interface DeviceQuery {
  readonly status?: DevicePresence['status'];
  readonly protocol?: string;
  /** Of the ending of a device that is offline. */
  readonly reason?: string;
  /** Only devices whose status changed at this time or later. */
  readonly sinceMs?: number;
  /** What the id begins with. */
  readonly q?: string;
  readonly limit: number;
  /** `next` of the page before. Any other text is a place, too. */
  readonly after?: string;
}

/** Those that began by `toMs`, and had not ended by `fromMs`. */
export interface HistoryQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  readonly after?: string;
}

export interface PresenceSummary {
  readonly byStatus: Readonly<Record<string, number>>;
  /** Of devices that are online. */
  readonly byProtocol: Readonly<Record<string, number>>;
  /** Of devices that are offline. */
  readonly byReason: Readonly<Record<string, number>>;
  /** Of devices that are online, by adapter id. */
  readonly byAdapter: Readonly<Record<string, number>>;
  /** Devices with more changes within an hour than was asked about. */
  readonly flapping: readonly { readonly device: DeviceRef; readonly changes: number }[];
}

/** An incarnation of an adapter with at least one event, over all tenants. */
export interface HeardInstance {
  readonly adapterId: string;
  readonly instance: string;
  readonly adapterType: string;
  /** Its latest event or announcement; events that others published for it do not count. Of the wall clock of the service. */
  readonly heardAtMs: number;
  readonly announcedAtMs?: number;
  /** The interval in its latest announcement. */
  readonly announceIntervalMs?: number;
  /** How many connections it has open, as far as is known; without those whose state is not known any more. */
  readonly connections: number;
}

/** A place in the list. */
export interface InstancePlace {
  readonly adapterId: string;
  readonly instance: string;
}

export interface InstancesQuery {
  readonly adapterId?: string;
  readonly instance?: string;
  readonly limit: number;
  readonly after?: InstancePlace;
}

export interface InstancesPage {
  readonly instances: readonly HeardInstance[];
  /** The place of the next page; absent: this is the last one. */
  readonly next?: InstancePlace;
}

/** Connections of a tenant that ended behind `fromMs`, and by `toMs`, as their adapters observed it. */
export interface EndingsQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason?: string;
  readonly protocol?: string;
  readonly adapterId?: string;
  readonly limit: number;
  readonly after?: EndingPlace;
}

/** A place in the list. */
export interface EndingPlace {
  readonly endedAtMs: number;
  readonly device: string;
  readonly connectionId: string;
}

/** How a connection of a device ended. */
export interface StoredEnding {
  readonly device: DeviceRef;
  /** The present status of the device. */
  readonly status: DevicePresence['status'];
  readonly ending: Ending;
}

export interface EndingsPage {
  readonly endings: readonly StoredEnding[];
  /** There may be more behind this one. */
  readonly next?: EndingPlace;
}

/** What is counted: devices of a tenant that were online at the ends of equal steps, and what ended. */
export interface TimelineQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface Timeline {
  /** One at `fromMs`, and one at the end of each step. */
  readonly points: readonly TimelinePoint[];
  /** Connections that ended in this period, by reason. */
  readonly endings: Readonly<Record<string, number>>;
}

interface TimelinePoint {
  readonly atMs: number;
  /** Devices of which a connection was open then. */
  readonly online: number;
  /** Devices with a connection that began before, and of which nothing is heard any more. */
  readonly unknown: number;
}

/** Changes of a tenant behind a place in the log. */
export interface ChangesRead {
  readonly changes: readonly { readonly id: string; readonly device: StoredDevice }[];
  /** The place behind them. */
  readonly position: string;
}

/** What replicas share through the database. */
interface SharedProgress {
  /** How far each replica has read, of those that noted it lately. */
  readonly replicas: readonly { readonly replica: string; readonly readThroughMs: number }[];
  /** When this database began to follow the events. */
  readonly sinceMs: number;
  /** The longest interval at which an adapter announces what is open; absent: none was heard. */
  readonly announceIntervalMs?: number;
  /**
   * When this database was taken up again after no one had followed the events for long. It may be a backup: events since `leftMs`
   * were confirmed then, and do not come again.
   */
  readonly takenUp?: TakenUp;
}

export interface TakenUp {
  readonly leftMs: number;
  readonly atMs: number;
}

/** For how long connections are kept after their end. */
export interface KeptHistory {
  readonly defaultMs: number;
  readonly tenantMs: ReadonlyMap<string, number>;
}

/**
 * Keeps the facts of connection events, and answers from them. Every call rejects with `StoreUnavailable` while the database is away: the
 * same may succeed later.
 */
export interface PresenceStore {
  /** Folds all of them, or none. May be given them again, and in any order: the result is the same. */
  apply(events: readonly (ReceivedEvent | HonoConnectionEvent)[]): Promise<void>;
  /** In the order of the question. */
  get(devices: readonly DeviceRef[]): Promise<readonly StoredDevice[]>;
  /** By device id; a device that stays as it is stands on one page, whatever comes between. */
  list(
    tenant: string,
    query: DeviceQuery,
  ): Promise<{ readonly devices: readonly StoredDevice[]; readonly next?: string }>;
  /** The latest first. */
  history(
    device: DeviceRef,
    query: HistoryQuery,
  ): Promise<{ readonly connections: readonly StoredConnection[]; readonly next?: string }>;
  /** The latest first; an ending that stays as it is stands on one page, whatever comes between. */
  endings(tenant: string, query: EndingsQuery): Promise<EndingsPage>;
  summary(tenant: string, query: { readonly flapsPerHour: number }): Promise<PresenceSummary>;
  /** The reasons for which devices of a tenant are offline. */
  reasons(tenant: string): Promise<readonly string[]>;
  /** Incarnations of adapters that were heard in the last seven days, by adapter id and instance. */
  instances(query: InstancesQuery): Promise<InstancesPage>;
  /** How many devices were online over time. Its time grows with the number of connections; other calls do not wait for it. */
  timeline(tenant: string, query: TimelineQuery): Promise<Timeline>;
  /** Tenants of which a device is known, in the order of their ids, behind `after`. */
  tenants(query: { readonly limit: number; readonly after?: string }): Promise<readonly string[]>;
  /** Forgets a device with its history. @returns whether anything was known about it. */
  forget(device: DeviceRef): Promise<boolean>;
  /** The place in the log of changes behind all that is committed. */
  position(tenant: string): Promise<string>;
  /** Changes in the order of their commits. `gone`: the place is of another database, or the log does not reach back so far. */
  changes(tenant: string, after: string, limit: number): Promise<ChangesRead | 'gone'>;
  /** Calls `listener` when there may be changes, once for each batch. The result ends that. */
  onWake(listener: () => void): () => void;
  noteProgress(progress: { readonly replica: string; readonly readThroughMs: number }): Promise<void>;
  /** For a replica that stops: the others do not wait for it any more. */
  forgetReplica(replica: string): Promise<void>;
  progress(): Promise<SharedProgress>;
  /** Finds connections that are not announced any more. @returns whether more must be checked now. */
  sweep(): Promise<boolean>;
  /** Drops some of the data whose time is over. @returns how much; 0: there is no more. */
  dropOld(kept: KeptHistory): Promise<number>;
  close(): Promise<void>;
}

import type { DevicePresence, Ending, OpenConnection } from '@rollcall/client';
import type { DeviceRef } from '@rollcall/core';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';

/** What is known about a device. Without any event, its status is `unknown`, and it has no connections. */
export interface StoredDevice {
  readonly presence: DevicePresence;
  /** How its latest ended connection ended, whatever the status is now. */
  readonly lastEnding?: Ending;
}

/** A connection of the history. */
export interface StoredConnection {
  readonly connection: OpenConnection;
  /** Absent: it is open, or it ended without an event. */
  readonly ending?: Ending;
  /** Whether its state is unknown: announcements were missed, or its adapter lost its journal. */
  readonly silent: boolean;
  /** When another connection took its slot; only where there is no `ending`. */
  readonly takenOverAt?: number;
}

export interface DeviceQuery {
  readonly status?: DevicePresence['status'];
  readonly protocol?: string;
  /** Only devices that are offline for this reason. */
  readonly reason?: string;
  /** Only devices whose status changed at this time or later. */
  readonly sinceMs?: number;
  /** Only devices whose id begins with this. */
  readonly q?: string;
  readonly limit: number;
  /** The list continues behind this device id: `next` of the page before, or any other text. */
  readonly after?: string;
}

/** Asks for connections that were open at some time between `fromMs` and `toMs`. */
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
  /** Devices that changed more often within the last hour than the query allows. */
  readonly flapping: readonly { readonly device: DeviceRef; readonly changes: number }[];
}

/** An incarnation of an adapter that published at least one event, over all tenants. */
export interface HeardInstance {
  readonly adapterId: string;
  readonly instance: string;
  readonly adapterType: string;
  /** When its latest event or announcement arrived, by the wall clock of the service. Events that others published for it do not count. */
  readonly heardAtMs: number;
  readonly announcedAtMs?: number;
  /** The interval in its latest announcement. */
  readonly announceIntervalMs?: number;
  /** How many open connections it has, without those whose state is unknown. */
  readonly connections: number;
}

/** The list continues behind this instance. */
export interface InstancePosition {
  readonly adapterId: string;
  readonly instance: string;
}

export interface InstancesQuery {
  readonly adapterId?: string;
  readonly instance?: string;
  readonly limit: number;
  readonly after?: InstancePosition;
}

export interface InstancesPage {
  readonly instances: readonly HeardInstance[];
  /** Where the next page begins; absent: this is the last page. */
  readonly next?: InstancePosition;
}

/** Asks for connections of a tenant that ended later than `fromMs` and not later than `toMs`, by the clocks of their adapters. */
export interface EndingsQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason?: string;
  readonly protocol?: string;
  readonly adapterId?: string;
  readonly limit: number;
  readonly after?: EndingPosition;
}

/** The list continues behind this ending. */
export interface EndingPosition {
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
  /** Where the next page begins, which may be empty; absent: this is the last page. */
  readonly next?: EndingPosition;
}

/** Asks how many devices of a tenant were online at the end of each step, and how connections ended in the period. */
export interface TimelineQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface Timeline {
  /** The first at `fromMs`, then one at the end of each step. */
  readonly points: readonly TimelinePoint[];
  /** Connections that ended in this period, by reason. */
  readonly endings: Readonly<Record<string, number>>;
}

interface TimelinePoint {
  readonly atMs: number;
  /** Devices with an open connection at that time. */
  readonly online: number;
  /** Devices with a connection that had begun, and whose state is unknown now. */
  readonly unknown: number;
}

/** Changes of a tenant behind a position in the log. */
export interface ChangesRead {
  readonly changes: readonly { readonly id: string; readonly device: StoredDevice }[];
  /** The position behind the last change. */
  readonly position: string;
}

/** What replicas share through the database. */
interface SharedProgress {
  /** How far each live replica has read. */
  readonly replicas: readonly { readonly replica: string; readonly readThroughMs: number }[];
  /** When the first events were written to this database. */
  readonly sinceMs: number;
  /** The longest interval at which an adapter announces its open connections; absent: no adapter has announced any. */
  readonly announceIntervalMs?: number;
  /**
   * The latest long time in which no service followed the events with this database. The database may have been restored from a
   * backup: then another database got the events of that time, and the network does not send them again.
   */
  readonly lastGap?: FollowingGap;
}

export interface FollowingGap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How long connections are kept after their end; `tenantMs` overrides the default for a tenant. */
export interface KeptHistory {
  readonly defaultMs: number;
  readonly tenantMs: ReadonlyMap<string, number>;
}

/**
 * Keeps the facts of connection events, and answers from them. Every call rejects with `StoreUnavailable` while the database is
 * unavailable: the same call may succeed later.
 */
export interface PresenceStore {
  /** Folds all events of the batch, or none. Events may be repeated, and come in any order: the result is the same. */
  apply(events: readonly (ReceivedEvent | HonoConnectionEvent)[]): Promise<void>;
  /** @returns one entry for each device, in the same order. */
  get(devices: readonly DeviceRef[]): Promise<readonly StoredDevice[]>;
  /** In the order of device ids. A device that does not change is on exactly one page, whatever else changes between two pages. */
  list(
    tenant: string,
    query: DeviceQuery,
  ): Promise<{ readonly devices: readonly StoredDevice[]; readonly next?: string }>;
  /** The latest first. */
  history(
    device: DeviceRef,
    query: HistoryQuery,
  ): Promise<{ readonly connections: readonly StoredConnection[]; readonly next?: string }>;
  /** The latest first. An ending that does not change is on exactly one page, whatever else changes between two pages. */
  endings(tenant: string, query: EndingsQuery): Promise<EndingsPage>;
  summary(tenant: string, query: { readonly flapsPerHour: number }): Promise<PresenceSummary>;
  /** The reasons for which devices of a tenant are offline. */
  reasons(tenant: string): Promise<readonly string[]>;
  /** Incarnations of adapters that published something in the last seven days, in the order of adapter id and instance. */
  instances(query: InstancesQuery): Promise<InstancesPage>;
  /** How many devices were online over time. This takes longer the more connections there are; other calls do not wait for it. */
  timeline(tenant: string, query: TimelineQuery): Promise<Timeline>;
  /** Tenants with a known device, in the order of their ids, behind `after`. */
  tenants(query: { readonly limit: number; readonly after?: string }): Promise<readonly string[]>;
  /** Forgets a device with its history. @returns whether anything was known about it. */
  forget(device: DeviceRef): Promise<boolean>;
  /** The position in the log of changes behind everything that is committed. */
  position(tenant: string): Promise<string>;
  /** Changes in the order of their commits. `gone`: the position is of another database, or older than the log. */
  changes(tenant: string, after: string, limit: number): Promise<ChangesRead | 'gone'>;
  /** Calls `listener` when there may be changes, once for each batch. @returns a function that removes the listener. */
  onWake(listener: () => void): () => void;
  /**
   * Whether this process receives events, and can store them; at first it does. Adapters do not become silent in a time in which no
   * process did.
   */
  listening(isListening: boolean): void;
  noteProgress(progress: { readonly replica: string; readonly readThroughMs: number }): Promise<void>;
  /** A replica calls it when it stops: the others no longer wait for it. */
  forgetReplica(replica: string): Promise<void>;
  progress(): Promise<SharedProgress>;
  /** Finds connections that are no longer announced. @returns whether it must be called again at once, to check more of them. */
  sweep(): Promise<boolean>;
  /**
   * The end of the latest connection of a tenant that was dropped; absent: none was. A retention that is longer now brings none of them
   * back.
   */
  droppedThroughMs(tenant: string): Promise<number | undefined>;
  /** Drops some of the data that has been kept for long enough. @returns how many rows; 0: it need not be called again soon. */
  dropOld(kept: KeptHistory): Promise<number>;
  close(): Promise<void>;
}

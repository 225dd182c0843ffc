import { createPresenceTable, type Ending, type OpenConnection } from '@rollcall/client';
import { deviceKey, type DeviceRef } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import { columnsOf } from '../store/fold/device-state.ts';
import { heardInstances, type InstanceRow } from '../store/fold/heard-instances.ts';
import { instancesPage } from '../store/fold/instances-page.ts';
import type {
  DeviceQuery,
  EndingsQuery,
  InstancesQuery,
  PresenceStore,
  StoredConnection,
  StoredDevice,
  TimelineQuery,
} from '../store/presence-store.ts';
import type { FoldedEvent } from '../following/follow-stream.ts';

function keyOf({ adapter_id: adapterId, instance }: InstanceRow): string {
  return `${adapterId}\n${instance}`;
}

function passes(
  columns: ReturnType<typeof columnsOf>,
  { status, protocol, reason, sinceMs }: DeviceQuery,
): boolean {
  return (
    (status === undefined || columns.status === status) &&
    (protocol === undefined || columns.protocol === protocol) &&
    (reason === undefined || columns.reason === reason) &&
    (sinceMs === undefined || (columns.since !== null && columns.since >= sinceMs))
  );
}

interface Past {
  connection: OpenConnection;
  ending?: Ending;
}

/** A store in memory, for tests of the code that uses a store. */
export class MemoryStore implements PresenceStore {
  readonly #table: ReturnType<typeof createPresenceTable>;
  readonly #clock: Clock;
  readonly #past = new Map<string, Map<string, Past>>();
  readonly #log: { readonly tenant: string; readonly device: DeviceRef }[] = [];
  readonly #wakes = new Set<() => void>();
  readonly #instances = new Map<string, InstanceRow>();
  readonly #replicas = new Map<string, number>();
  /** Log entries before this one have been dropped. */
  droppedBefore = 0;
  /** When the latest connection ended that was dropped. */
  droppedThrough: number | undefined;
  /** If set, every call throws it. */
  failure: Error | undefined;
  readonly batches: (readonly FoldedEvent[])[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#table = createPresenceTable({ clock });
  }

  async apply(events: readonly FoldedEvent[]): Promise<void> {
    this.#check();
    this.batches.push(events);
    for (const row of heardInstances(events, this.#clock.now())) {
      const known = this.#instances.get(keyOf(row));
      this.#instances.set(
        keyOf(row),
        row.announced_at === null
          ? { ...known, ...row, announced_at: known?.announced_at ?? null, interval: known?.interval ?? null }
          : row,
      );
    }
    for (const event of events) {
      this.#table.apply(event);
      if (event.type !== 'hono') this.#note(event);
      this.#log.push({ tenant: event.device.tenant, device: event.device });
    }
    for (const wake of this.#wakes) wake();
  }

  async get(devices: readonly DeviceRef[]): Promise<readonly StoredDevice[]> {
    this.#check();
    return devices.map((device) => this.#stored(device));
  }

  async list(tenant: string, query: DeviceQuery) {
    this.#check();
    const { q, limit, after } = query;
    const all = [...this.#table.all(tenant)]
      .filter((each) => passes(columnsOf(each), query))
      .filter(({ device: { device } }) => device.startsWith(q ?? '') && device > (after ?? ''))
      .map(({ device }) => this.#stored(device))
      .toSorted((one, other) => (one.presence.device.device < other.presence.device.device ? -1 : 1));
    const devices = all.slice(0, limit);
    const last = devices.at(-1)?.presence.device.device;
    return { devices, ...(all.length > limit && last !== undefined && { next: last }) };
  }

  async history(device: DeviceRef, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
    this.#check();
    const all = [...(this.#past.get(deviceKey(device))?.values() ?? [])];
    const connections: StoredConnection[] = all
      .filter(({ connection, ending }) => connection.at <= toMs && (ending?.at ?? Infinity) >= fromMs)
      .map(({ connection, ending }) =>
        ending ? { connection, ending, silent: false } : { connection, silent: false },
      );
    return { connections };
  }

  async endings(tenant: string, { fromMs, toMs, reason, protocol, adapterId, limit, after }: EndingsQuery) {
    this.#check();
    const rows = [...this.#past].flatMap(([, past]) =>
      Array.from(past.values(), ({ connection, ending }) =>
        ending && connection.device.tenant === tenant ? [{ device: connection.device, ending }] : [],
      ).flat(),
    );
    const found = rows
      .filter(({ ending }) => ending.at > fromMs && ending.at <= toMs)
      .filter(({ ending }) => reason === undefined || ending.reason === reason)
      .filter(({ ending }) => protocol === undefined || ending.protocol === protocol)
      .filter(({ ending }) => adapterId === undefined || ending.adapter.id === adapterId)
      .toSorted((one, other) => other.ending.at - one.ending.at)
      .map(({ device, ending }) => ({ device, ending, status: this.#table.get(device).status }));
    const start = after ? found.findIndex(({ ending }) => ending.connectionId === after.connectionId) + 1 : 0;
    const endings = found.slice(start, start + limit);
    const last = endings.at(-1);
    return {
      endings,
      ...(found.length > start + limit &&
        last && {
          next: {
            endedAtMs: last.ending.at,
            device: last.device.device,
            connectionId: last.ending.connectionId,
          },
        }),
    };
  }

  async summary(tenant: string) {
    this.#check();
    const byStatus: Record<string, number> = { online: 0, offline: 0, unknown: 0 };
    for (const { status } of this.#table.all(tenant)) byStatus[status] = (byStatus[status] ?? 0) + 1;
    return { byStatus, byProtocol: {}, byReason: {}, byAdapter: {}, flapping: [] };
  }

  async reasons(tenant: string) {
    this.#check();
    return [...this.#table.all(tenant)].flatMap((each) =>
      each.status === 'offline' ? [each.ending.reason] : [],
    );
  }

  async instances({ adapterId, instance, limit, after }: InstancesQuery) {
    this.#check();
    const rows = [...this.#instances.values()]
      .filter((row) => adapterId === undefined || row.adapter_id === adapterId)
      .filter((row) => instance === undefined || row.instance === instance)
      .filter((row) => !after || keyOf(row) > `${after.adapterId}\n${after.instance}`)
      .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const open = [...this.#past.values()]
      .flatMap((past) => Array.from(past.values()))
      .filter(({ ending }) => !ending);
    const counted = rows.slice(0, limit + 1).map((row) =>
      Object.assign({}, row, {
        connections: open.filter(({ connection: { adapter } }) => adapter.instance === row.instance).length,
      }),
    );
    return instancesPage(counted, limit);
  }

  async timeline(_tenant: string, { fromMs, toMs, stepMs }: TimelineQuery) {
    this.#check();
    const past = [...this.#past.values()].flatMap((each) => Array.from(each.values()));
    const points = Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, step) => {
      const atMs = fromMs + step * stepMs;
      const online = past.filter(
        ({ connection, ending }) => connection.at <= atMs && (ending?.at ?? Infinity) > atMs,
      ).length;
      return { atMs, online, unknown: 0 };
    });
    return { points, endings: { 'keepalive-timeout': past.filter(({ ending }) => ending).length } };
  }

  async tenants({ limit, after = '' }: { readonly limit: number; readonly after?: string }) {
    this.#check();
    const all = new Set(this.#log.map(({ tenant }) => tenant));
    return [...all]
      .filter((tenant) => tenant > after)
      .toSorted()
      .slice(0, limit);
  }

  async forget(device: DeviceRef): Promise<boolean> {
    this.#check();
    return this.#past.delete(deviceKey(device));
  }

  async position(): Promise<string> {
    this.#check();
    return `m-${this.#log.length}`;
  }

  async changes(tenant: string, after: string, limit: number) {
    this.#check();
    const begin = /^m-(\d{1,9})$/.exec(after)?.[1];
    if (begin === undefined || Number(begin) > this.#log.length || Number(begin) < this.droppedBefore)
      return 'gone' as const;
    const end = Math.min(this.#log.length, Number(begin) + limit);
    const changes = this.#log
      .slice(Number(begin), end)
      .flatMap((entry, index) =>
        entry.tenant === tenant
          ? [{ id: `m-${Number(begin) + index + 1}`, device: this.#stored(entry.device) }]
          : [],
      );
    return { changes, position: `m-${end}` };
  }

  /** Wakes those who wait for changes. */
  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  onWake(listener: () => void): () => void {
    this.#wakes.add(listener);
    return () => this.#wakes.delete(listener);
  }

  listening(): void {}

  async noteProgress({
    replica,
    readThroughMs,
  }: {
    readonly replica: string;
    readonly readThroughMs: number;
  }) {
    this.#replicas.set(replica, readThroughMs);
  }

  async forgetReplica(replica: string): Promise<void> {
    this.#replicas.delete(replica);
  }

  async progress() {
    this.#check();
    return {
      replicas: [...this.#replicas].map(([replica, readThroughMs]) => ({ replica, readThroughMs })),
      sinceMs: this.#clock.now() - 7_200_000,
    };
  }

  async droppedThroughMs(): Promise<number | undefined> {
    this.#check();
    return this.droppedThrough;
  }

  async dropOld(): Promise<number> {
    return 0;
  }

  async sweep(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {}

  #check(): void {
    if (this.failure) throw this.failure;
  }

  #stored(device: DeviceRef): StoredDevice {
    const endings = [...(this.#past.get(deviceKey(device))?.values() ?? [])].flatMap(
      ({ ending }) => ending ?? [],
    );
    const lastEnding = endings.toSorted((one, other) => other.at - one.at)[0];
    return {
      presence: this.#table.get(device),
      ...(lastEnding && { lastEnding }),
    };
  }

  #note(event: Exclude<FoldedEvent, { type: 'hono' }>): void {
    const key = deviceKey(event.device);
    const past = this.#past.get(key) ?? new Map<string, Past>();
    this.#past.set(key, past);
    const known = past.get(event.connectionId);
    if (event.type === 'connected') past.set(event.connectionId, { ...known, connection: event });
    else
      past.set(event.connectionId, {
        connection: known?.connection ?? { ...event, at: event.connectedAt },
        ending: event,
      });
  }
}

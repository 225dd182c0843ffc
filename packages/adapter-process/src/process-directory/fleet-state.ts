import { deviceKey, type ConnectionId, type DeviceRef, type Epoch, type TenantId } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { DirectoryEntry, DirectoryPlace, HeldLease } from '@rollcall/core/directory';
import {
  heirsOf,
  holderWith,
  leaseHeldBy,
  noteDisplaced,
  NotedEndings,
  slotKey,
  type DeclaredDeath,
  type OpenAtInstance,
  type SlotHolder,
} from '@rollcall/core/internal';

/** Ended leases, told endings, and deaths, that are remembered: the oldest goes first. */
const maxEnded = 200_000;
const maxDeaths = 10_000;

/** What the fleet of one machine's processes has entered. In plain maps: who asks is told at once. */
export class FleetState {
  readonly clock: Clock;
  readonly slots = new Map<string, SlotHolder>();
  /** By instance; an entry is here before its slot is compared, and until its ending is safe. */
  readonly entries = new Map<string, Map<ConnectionId, OpenAtInstance>>();
  readonly deaths = new Map<string, DeclaredDeath>();
  readonly noted: NotedEndings;
  readonly #ended = new Set<ConnectionId>();
  /** Of the dead: connections whose endings were told. One that is forgotten is told again, as the same event. */
  readonly #told = new Set<ConnectionId>();
  /** Connections of each tenant, by instance. */
  readonly #counts = new Map<string, Map<TenantId, number>>();
  readonly #countChanged: (tenant: TenantId) => void;

  constructor(clock: Clock, countChanged: (tenant: TenantId) => void) {
    this.clock = clock;
    this.noted = new NotedEndings(clock);
    this.#countChanged = countChanged;
  }

  holderOf(key: string | undefined): SlotHolder | undefined {
    return key === undefined ? undefined : this.slots.get(key);
  }

  add(instance: string, type: string, entry: DirectoryEntry): string | undefined {
    const { device, connectionId } = entry.event;
    const key = slotKey(type, device, entry.slot);
    let entries = this.entries.get(instance);
    if (!entries) this.entries.set(instance, (entries = new Map()));
    if (!entries.has(connectionId)) this.#count(instance, device.tenant, 1);
    entries.set(connectionId, { entry, key });
    return key;
  }

  remove(instance: string, connection: ConnectionId): OpenAtInstance | undefined {
    const entries = this.entries.get(instance);
    const found = entries?.get(connection);
    if (!entries || !found) return undefined;
    entries.delete(connection);
    if (entries.size === 0) this.entries.delete(instance);
    this.#count(instance, found.entry.event.device.tenant, -1);
    return found;
  }

  /** All that a dead instance had entered is settled, and what it had taken on of those before it. */
  forget(dead: string): void {
    for (const instance of this.deaths.keys())
      if (instance === dead || heirsOf(instance, this.deaths).includes(dead)) {
        for (const connection of [...(this.entries.get(instance)?.keys() ?? [])])
          this.settle(instance, connection);
        this.noted.forget(instance);
      }
  }

  settle(instance: string, connection: ConnectionId): void {
    const { key } = this.remove(instance, connection) ?? {};
    this.noted.delete(instance, connection);
    remember(this.#told, connection);
    if (key !== undefined && this.slots.get(key)?.connection === connection) this.slots.delete(key);
  }

  /** Whether others tell, or told, how a lease of a dead instance ended: nobody goes on with it. */
  isEnding({ instance, connection }: SlotHolder): boolean {
    return this.entries.get(instance)?.get(connection)?.decided !== undefined;
  }

  hold(key: string, instance: string, entry: DirectoryEntry, epoch: Epoch): void {
    const now = this.clock.monotonic();
    const before = this.slots.get(key);
    if (before) noteDisplaced(this.entries.get(before.instance)?.get(before.connection), before, this.clock);
    this.slots.set(key, holderWith(instance, entry, { epoch, now, before }));
  }

  /** A lease goes from one instance to another. */
  move(holder: SlotHolder, type: string, to: string): void {
    this.remove(holder.instance, holder.connection);
    holder.instance = to;
    this.add(to, type, holder.entry);
  }

  leaseOf(holder: SlotHolder): HeldLease {
    return leaseHeldBy(holder, this.clock.monotonic());
  }

  ended(connection: ConnectionId): void {
    remember(this.#ended, connection);
  }

  /** Whoever told it: the one that held it, or others after its death. */
  hasEnded(connection: ConnectionId): boolean {
    return this.#ended.has(connection) || this.#told.has(connection);
  }

  /** Of connections of a dead instance: those that were never entered. */
  neverEntered(instance: string, connections: readonly ConnectionId[]): readonly ConnectionId[] {
    const owed = this.entries.get(instance);
    return connections.filter(
      (each) => !owed?.has(each) && !this.noted.has(instance, each) && !this.#told.has(each),
    );
  }

  died(death: DeclaredDeath): void {
    const { instance } = death.identity;
    this.deaths.set(instance, death);
    this.noted.confirmedBefore(instance, death.unconfirmedSince);
    for (const tenant of this.#counts.get(instance)?.keys() ?? []) this.#countChanged(tenant);
    if (this.deaths.size <= maxDeaths) return;
    for (const each of this.deaths.keys()) if (!this.entries.has(each)) return void this.deaths.delete(each);
  }

  countOf(instance: string, tenant: TenantId): number {
    return this.#counts.get(instance)?.get(tenant) ?? 0;
  }

  tenants(): Set<TenantId> {
    const all = new Set<TenantId>();
    for (const counts of this.#counts.values()) for (const tenant of counts.keys()) all.add(tenant);
    return all;
  }

  placesOf(devices: readonly DeviceRef[], lives: (instance: string) => boolean): DirectoryPlace[] {
    const wanted = new Set(devices.map((device) => deviceKey(device)));
    const places: DirectoryPlace[] = [];
    for (const [instance, entries] of this.entries)
      if (lives(instance))
        for (const [connection, { entry, key }] of entries) {
          const { device } = entry.event;
          const isHolder = key === undefined || this.slots.get(key)?.connection === connection;
          if (isHolder && wanted.has(deviceKey(device))) places.push({ device, connection, instance });
        }
    return places;
  }

  #count(instance: string, tenant: TenantId, by: 1 | -1): void {
    let counts = this.#counts.get(instance);
    if (!counts) this.#counts.set(instance, (counts = new Map()));
    const count = (counts.get(tenant) ?? 0) + by;
    if (count > 0) counts.set(tenant, count);
    else counts.delete(tenant);
    if (counts.size === 0) this.#counts.delete(instance);
    this.#countChanged(tenant);
  }
}

function remember(ended: Set<ConnectionId>, connection: ConnectionId): void {
  ended.add(connection);
  if (ended.size > maxEnded) for (const oldest of ended) return void ended.delete(oldest);
}

export function placeOf({ entry, connection, instance }: SlotHolder): DirectoryPlace {
  return { device: entry.event.device, connection, instance };
}

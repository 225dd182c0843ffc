import type { ConnectionId, DeviceRef, Epoch, Instant, TenantId } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import type { DirectoryEntry, DirectoryPlace, HeldLease } from '@rollcall/core/directory';
import {
  holderWith,
  noteDisplaced,
  leaseHeldBy,
  NotedEndings,
  slotKey,
  type DeclaredDeath,
  type OpenAtInstance,
  type SlotHolder,
} from '@rollcall/core/internal';
import type { MemoryDirectory } from './memory-directory.ts';

/** What an engine keeps, in plain maps: the reference for those that keep it elsewhere. */
export class MemoryEngine {
  readonly clock: Clock;
  readonly slots = new Map<string, SlotHolder>();
  /** By instance; an entry is here before its slot is compared, and until its ending is safe. */
  readonly entries = new Map<string, Map<ConnectionId, OpenAtInstance>>();
  readonly dead = new Map<string, DeclaredDeath>();
  /** Of the dead: connections whose endings were told. */
  readonly told = new Set<ConnectionId>();
  /** Endings that may not be sent, should an instance die. */
  readonly noted: NotedEndings;
  /** Instances that gave a sign of life. */
  readonly signs = new Set<string>();
  /** Of leases: ended, whoever may still hold them. */
  readonly ended = new Set<ConnectionId>();
  /** Who asked for announcements, and until when nobody else can. */
  announcements: { readonly name: string; readonly until: Instant } | undefined;
  /** By incarnation. */
  readonly members = new Map<string, MemoryDirectory>();

  constructor(clock: Clock) {
    this.clock = clock;
    this.noted = new NotedEndings(clock);
  }

  /** All is gone, as after a loss of power. Who is dead is forgotten, too. */
  forgetAll(): void {
    for (const each of [this.slots, this.entries, this.dead, this.signs, this.ended, this.told]) each.clear();
    this.noted.forget();
    this.announcements = undefined;
  }

  /** Whether it is known, and was not declared dead. */
  lives(instance: string): boolean {
    return !this.dead.has(instance) && this.members.has(instance);
  }

  /** Whether an instance that lives holds a slot. */
  isHeld(key: string | undefined): boolean {
    const holder = key === undefined ? undefined : this.slots.get(key);
    return holder !== undefined && this.lives(holder.instance);
  }

  placesOf(devices: readonly DeviceRef[]): readonly DirectoryPlace[] {
    const wanted = new Set(devices.map(({ tenant, device }) => `${tenant}\n${device}`));
    const places: DirectoryPlace[] = [];
    for (const [instance, entries] of this.entries)
      if (this.lives(instance))
        for (const [connection, { entry, key }] of entries) {
          const { device } = entry.event;
          const isHolder = key === undefined || this.slots.get(key)?.connection === connection;
          if (isHolder && wanted.has(`${device.tenant}\n${device.device}`))
            places.push({ device, connection, instance });
        }
    return places;
  }

  /** How many connections of a tenant are at other instances. */
  countElsewhere(tenant: TenantId, here: string): number {
    let count = 0;
    for (const [instance, entries] of this.entries)
      if (instance !== here && this.lives(instance))
        for (const { entry } of entries.values()) if (entry.event.device.tenant === tenant) count += 1;
    return count;
  }

  add(instance: string, type: string, entry: DirectoryEntry): string | undefined {
    const key = slotKey(type, entry.event.device, entry.slot);
    let entries = this.entries.get(instance);
    if (!entries) this.entries.set(instance, (entries = new Map()));
    entries.set(entry.event.connectionId, { entry, key });
    return key;
  }

  remove(instance: string, connection: ConnectionId): OpenAtInstance | undefined {
    const found = this.entries.get(instance)?.get(connection);
    this.entries.get(instance)?.delete(connection);
    return found;
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
  move(key: string, holder: SlotHolder, type: string, to: string): void {
    this.remove(holder.instance, holder.connection);
    holder.instance = to;
    this.add(to, type, holder.entry);
    this.slots.set(key, holder);
  }

  /** Of the `connected` events of this instance from this one on, a sink may lack some. */
  unconfirmedSince(instance: string): Epoch | undefined {
    const death = this.dead.get(instance);
    return death ? death.unconfirmedSince : this.members.get(instance)?.context.facts.unconfirmedSince();
  }

  leaseOf(holder: SlotHolder): HeldLease {
    return leaseHeldBy(holder, this.clock.monotonic());
  }

  declareDead(identity: AdapterIdentity, death: Omit<DeclaredDeath, 'identity' | 'declaredAt'>): void {
    this.dead.set(identity.instance, { ...death, identity, declaredAt: this.clock.now() });
    this.noted.confirmedBefore(identity.instance, death.unconfirmedSince);
  }
}

import {
  deviceKey,
  type AdapterIdentity,
  type Clock,
  type ConnectionId,
  type Epoch,
  type Instant,
  type Timestamp,
} from '@rollcall/core';
import type { DirectoryEntry, HeldLease, LeaseEntry, LeaseState } from '@rollcall/core/directory';
import type { MemoryDirectory } from './memory-directory.ts';

/** An entry as the engine has it. */
export interface EngineEntry {
  readonly entry: DirectoryEntry;
  readonly key: string | undefined;
}

/** Who holds a slot, or a lease. */
export interface SlotHolder {
  readonly connection: ConnectionId;
  readonly epoch: Epoch;
  readonly entry: DirectoryEntry;
  instance: string;
  /** Of a lease. */
  lease?: LeaseNotes;
}

interface LeaseNotes {
  state: LeaseState;
  notedAt: Instant;
  /** When another instance reported last. */
  reportedAt?: Instant;
}

export interface Death {
  readonly identity: AdapterIdentity;
  readonly aliveAt: Timestamp;
  readonly declaredAt: Timestamp;
  /** The next incarnation, which tells the endings; absent: undertakers do. */
  readonly successor?: string;
  /** Of its `connected` events from this one on, a sink may lack some. */
  readonly unconfirmedSince: Epoch | undefined;
}

/** What an engine keeps, in plain maps: the reference for those that keep it elsewhere. */
export class MemoryEngine {
  readonly clock: Clock;
  readonly slots = new Map<string, SlotHolder>();
  /** By instance; an entry is here before its slot is compared, and until its ending is safe. */
  readonly entries = new Map<string, Map<ConnectionId, EngineEntry>>();
  readonly dead = new Map<string, Death>();
  /** Of the dead: connections whose endings were told. */
  readonly told = new Set<ConnectionId>();
  /** Instances that gave a sign of life. */
  readonly signs = new Set<string>();
  /** Of leases: ended, whoever may still hold them. */
  readonly ended = new Set<ConnectionId>();
  /** By incarnation. */
  readonly members = new Map<string, MemoryDirectory>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** All is gone, as after a loss of power. Who is dead is forgotten, too. */
  forgetAll(): void {
    for (const each of [this.slots, this.entries, this.dead, this.signs, this.ended, this.told]) each.clear();
  }

  /** Whether it is known, and was not declared dead. */
  lives(instance: string): boolean {
    return !this.dead.has(instance) && this.members.has(instance);
  }

  keyOf(type: string, { event: { device }, slot }: DirectoryEntry): string | undefined {
    return slot === undefined ? undefined : `${type}\n${deviceKey(device)}\n${slot}`;
  }

  add(instance: string, type: string, entry: DirectoryEntry): string | undefined {
    const key = this.keyOf(type, entry);
    let entries = this.entries.get(instance);
    if (!entries) this.entries.set(instance, (entries = new Map()));
    entries.set(entry.event.connectionId, { entry, key });
    return key;
  }

  remove(instance: string, connection: ConnectionId): EngineEntry | undefined {
    const found = this.entries.get(instance)?.get(connection);
    this.entries.get(instance)?.delete(connection);
    return found;
  }

  hold(key: string, instance: string, entry: DirectoryEntry, epoch: Epoch): void {
    this.slots.set(key, {
      connection: entry.event.connectionId,
      epoch,
      entry,
      instance,
      ...(isLease(entry) && { lease: { state: entry.state, notedAt: this.clock.monotonic() } }),
    });
  }

  /** A lease goes from one instance to another. */
  move(key: string, holder: SlotHolder, type: string, to: string): void {
    this.remove(holder.instance, holder.connection);
    holder.instance = to;
    this.add(to, type, holder.entry);
    this.slots.set(key, holder);
  }

  leaseOf({ entry, instance, lease }: SlotHolder): HeldLease {
    const state = lease?.state ?? { basis: entry.event.basis as LeaseState['basis'], silentMs: 0, leftMs: 0 };
    const sinceMs = lease ? this.clock.monotonic() - lease.notedAt : 0;
    return {
      event: entry.event,
      slot: entry.slot ?? '',
      state: { ...state, silentMs: state.silentMs + sinceMs, leftMs: state.leftMs - sinceMs },
      instance,
    };
  }

  declareDead(identity: AdapterIdentity, death: Omit<Death, 'identity' | 'declaredAt'>): void {
    this.dead.set(identity.instance, { ...death, identity, declaredAt: this.clock.now() });
  }
}

export function isLease(entry: DirectoryEntry): entry is LeaseEntry {
  return 'state' in entry;
}

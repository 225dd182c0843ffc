import type { ConnectionId, DeviceRef, TenantId } from '@rollcall/core';
import { OwnEntries } from '@rollcall/core/directory';
import { bucketCount } from '../wire/bucket-of.ts';
import type { HeldConnection } from './held-connection.ts';

/** What this instance holds: by connection, by slot, by bucket, and how many of each tenant; and what of it changed. */
export class Book {
  readonly #entries = new OwnEntries<HeldConnection>();
  readonly #buckets = Array.from({ length: bucketCount }, () => new Set<HeldConnection>());
  readonly #tenants = new Map<TenantId, number>();
  #changedTenants = new Set<TenantId>();
  readonly #changedLeases = new Set<HeldConnection>();

  get size(): number {
    return this.#entries.size;
  }

  /** @returns the connection that held the slot until now, if that was another one. It stays until it is taken out. */
  add(held: HeldConnection): HeldConnection | undefined {
    const before = this.get(held.event.connectionId);
    if (before) this.remove(before);
    this.#buckets[held.bucket]?.add(held);
    this.#count(held, 1);
    return this.#entries.add(held);
  }

  /** @returns whether it was there. */
  remove(held: HeldConnection): boolean {
    if (!this.#entries.delete(held)) return false;
    this.#buckets[held.bucket]?.delete(held);
    this.#changedLeases.delete(held);
    this.#count(held, -1);
    return true;
  }

  /** The connection lost its slot, and stays until it is taken out. */
  displace(held: HeldConnection): void {
    this.#entries.displace(held);
  }

  clear(): void {
    this.#entries.clear();
    for (const bucket of this.#buckets) bucket.clear();
    this.#tenants.clear();
    this.#changedTenants = new Set();
    this.#changedLeases.clear();
  }

  get(connection: ConnectionId): HeldConnection | undefined {
    return this.#entries.get(connection);
  }

  holderOf(device: DeviceRef, slot: string): HeldConnection | undefined {
    return this.#entries.holderOf(device, slot);
  }

  all(): Iterable<HeldConnection> {
    return this.#entries.all();
  }

  inBucket(bucket: number): ReadonlySet<HeldConnection> {
    return this.#buckets[bucket] ?? new Set();
  }

  countOf(tenant: TenantId): number {
    return this.#tenants.get(tenant) ?? 0;
  }

  /** The state of this lease changed. */
  markLease(held: HeldConnection): void {
    this.#changedLeases.add(held);
  }

  /** Leases here whose state changed since they were last taken, one after the other. */
  *takeChangedLeases(): Iterable<HeldConnection> {
    for (const held of this.#changedLeases) {
      this.#changedLeases.delete(held);
      yield held;
    }
  }

  /** Tenants whose number changed since the last call. */
  takeChangedTenants(): ReadonlySet<TenantId> {
    const changed = this.#changedTenants;
    this.#changedTenants = new Set();
    return changed;
  }

  /** Marks all tenants as changed. */
  markTenants(tenants: Iterable<TenantId> = this.#tenants.keys()): void {
    for (const tenant of tenants) this.#changedTenants.add(tenant);
  }

  #count({ event: { device } }: HeldConnection, by: number): void {
    const count = this.countOf(device.tenant) + by;
    if (count > 0) this.#tenants.set(device.tenant, count);
    else this.#tenants.delete(device.tenant);
    this.#changedTenants.add(device.tenant);
  }
}

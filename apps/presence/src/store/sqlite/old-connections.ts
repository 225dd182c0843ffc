import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AdapterBook } from '../fold/adapter-book.ts';
import type { DeviceRef } from '@rollcall/core';
import type { KeptHistory } from '../presence-store.ts';
import { takenOverBefore } from '../fold/connection-row.ts';
import { unheard } from '../fold/device-state.ts';
import { placeKind } from './place-kind.ts';

interface OldRow {
  readonly no: number;
  readonly tenant: string;
  readonly device: string;
  readonly adapter_id: string;
  readonly epoch: string;
  readonly holder: string | null;
}

/** Dropped in one transaction. */
const maxDropped = 500;

/** Connections that are kept no more. */
export class OldConnections {
  readonly #adapters: AdapterBook;
  readonly #tenants: StatementSync;
  readonly #old: StatementSync;
  readonly #drop: StatementSync;
  readonly #dropTakenOver: StatementSync;
  readonly #forget: readonly StatementSync[];
  readonly #change: StatementSync;

  constructor(database: DatabaseSync, adapters: AdapterBook) {
    this.#adapters = adapters;
    this.#tenants = database.prepare('SELECT DISTINCT tenant FROM adapters');
    // That a device left, and when, is known for as long as the device is.
    this.#old = database.prepare(
      `SELECT c.no, c.tenant, c.device, c.adapter_id, c.epoch, c.holder FROM connections c
       JOIN devices d ON d.tenant = c.tenant AND d.device = c.device
       WHERE c.tenant = ? AND c.ended_at < ? AND c.id IS NOT d.last_ending
       ORDER BY c.ended_at LIMIT ?`,
    );
    this.#drop = database.prepare('DELETE FROM connections WHERE no = ?');
    this.#dropTakenOver = database.prepare(
      `DELETE FROM connections WHERE ended_at IS NULL AND no IN (SELECT no FROM places
         WHERE tenant = ? AND device = ? AND kind = ${placeKind.bySlot} AND key = ? AND key_then < ?)`,
    );
    const ofDevice = 'WHERE tenant = ? AND device = ?';
    this.#forget = [
      `connections WHERE no IN (SELECT no FROM places ${ofDevice} AND kind = ${placeKind.byId})`,
      `devices ${ofDevice}`,
      `changes ${ofDevice}`,
    ].map((rows) => database.prepare(`DELETE FROM ${rows}`));
    this.#change = database.prepare('INSERT INTO changes (tenant, device, state) VALUES (?, ?, ?)');
  }

  /** @returns how many were dropped; some wait for the next time. */
  drop({ defaultMs, tenantMs }: KeptHistory, nowMs: number): number {
    let dropped = 0;
    for (const { tenant } of this.#tenants.all() as unknown as readonly { readonly tenant: string }[]) {
      if (dropped >= maxDropped) break;
      const before = nowMs - (tenantMs.get(tenant) ?? defaultMs);
      const rows = this.#old.all(tenant, before, maxDropped - dropped) as unknown as readonly OldRow[];
      for (const { no, device, adapter_id: adapterId, epoch, holder } of rows) {
        this.#drop.run(no);
        // What it took over is over for good: once it is gone, that could not be inferred any more.
        if (holder !== null) this.#dropTakenOver.run(tenant, device, holder, takenOverBefore(epoch));
        // An event of it that comes again must not open it again.
        this.#adapters.closeThrough(tenant, adapterId, epoch, nowMs);
      }
      dropped += rows.length;
    }
    return dropped;
  }

  forget({ tenant, device }: DeviceRef): boolean {
    const removed = this.#forget.map((statement) => Number(statement.run(tenant, device).changes));
    const [connections = 0, devices = 0] = removed;
    const wasKnown = connections + devices > 0;
    // Those who watch learn of it.
    if (wasKnown) this.#change.run(tenant, device, JSON.stringify(unheard(tenant, device)));
    return wasKnown;
  }
}

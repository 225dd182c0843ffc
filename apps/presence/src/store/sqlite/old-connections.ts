import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AdapterBook } from '../fold/adapter-book.ts';
import type { DeviceRef } from '@rollcall/core';
import type { Forgotten } from '../fold/forget-all.ts';
import type { KeptHistory } from '../presence-store.ts';
import { takenOverBefore } from '../fold/connection-row.ts';
import { droppedThroughName } from '../fold/dropped-through-name.ts';
import { withoutEvents } from '../fold/device-state.ts';
import { placeKind } from './place-kind.ts';

interface OldRow {
  readonly no: number;
  readonly device: string;
  readonly ended_at: number;
  readonly is_kept: number;
  readonly adapter_id: string;
  readonly epoch: string;
  readonly holder: string | null;
}

/** The bounds of one transaction: rows that it drops, and rows that it reads for that. The latest ending of each device is not dropped. */
const maxDropped = 500;
const maxScanned = 4_000;

/** The last row that was read; the next call continues behind it. */
interface ScanPosition {
  readonly tenant: string;
  readonly endedAt: number;
  readonly device: string;
  readonly no: number;
}

const start: ScanPosition = { tenant: '', endedAt: -1, device: '', no: -1 };

/** Drops connections whose retention is over. */
export class OldConnections {
  readonly #adapters: AdapterBook;
  readonly #tenants: StatementSync;
  readonly #old: StatementSync;
  readonly #drop: StatementSync;
  readonly #dropTakenOver: StatementSync;
  readonly #forget: readonly StatementSync[];
  readonly #change: StatementSync;
  readonly #noteDropped: StatementSync;
  readonly #droppedThrough: StatementSync;
  #position = start;

  constructor(database: DatabaseSync, adapters: AdapterBook) {
    this.#adapters = adapters;
    this.#tenants = database.prepare(
      'SELECT DISTINCT tenant FROM adapters WHERE tenant >= ? ORDER BY tenant',
    );
    // The latest ending of a device is kept for as long as the device is known.
    this.#old = database.prepare(
      `SELECT c.no, c.device, c.ended_at, c.adapter_id, c.epoch, c.holder,
         EXISTS (SELECT 1 FROM devices d WHERE d.tenant = c.tenant AND d.device = c.device AND d.last_ending = c.id) AS is_kept
       FROM connections c
       WHERE c.tenant = :tenant AND c.ended_at < :before
         AND (c.ended_at, c.device, c.no) > (:endedAt, :device, :no)
       ORDER BY c.ended_at, c.device, c.no LIMIT :limit`,
    );
    this.#drop = database.prepare('DELETE FROM connections WHERE no = ?');
    this.#dropTakenOver = database.prepare(
      `DELETE FROM connections WHERE ended_at IS NULL AND no IN (SELECT no FROM places
         WHERE tenant = ? AND device = ? AND kind = ${placeKind.bySlot} AND key = ? AND key_then < ?)`,
    );
    const ofDevice = 'WHERE tenant = ? AND device = ?';
    this.#forget = [
      `connections WHERE no IN (SELECT no FROM places ${ofDevice} AND kind = ${placeKind.byId} LIMIT ${maxDropped})`,
      `devices ${ofDevice}`,
      `changes ${ofDevice}`,
    ].map((rows) => database.prepare(`DELETE FROM ${rows}`));
    this.#change = database.prepare('INSERT INTO changes (tenant, device, state) VALUES (?, ?, ?)');
    this.#noteDropped = database.prepare(
      `INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value
         WHERE CAST(excluded.value AS INTEGER) > CAST(value AS INTEGER)`,
    );
    this.#droppedThrough = database.prepare('SELECT value FROM meta WHERE name = ?');
  }

  /** The end of the latest connection of a tenant that was dropped. */
  droppedThroughMs(tenant: string): number | undefined {
    const row = this.#droppedThrough.get(droppedThroughName(tenant));
    return row && Number(row['value']);
  }

  /** @returns how many were dropped; the next call drops more. */
  drop({ defaultMs, tenantMs }: KeptHistory, nowMs: number): number {
    let dropped = 0;
    let scanned = 0;
    const tenants = this.#tenants.all(this.#position.tenant) as unknown as readonly {
      readonly tenant: string;
    }[];
    for (const { tenant } of tenants) {
      if (tenant !== this.#position.tenant) this.#position = { ...start, tenant };
      const { endedAt, device, no } = this.#position;
      const before = nowMs - (tenantMs.get(tenant) ?? defaultMs);
      const limit = maxScanned - scanned;
      const rows = this.#old.iterate({
        tenant,
        before,
        endedAt,
        device,
        no,
        limit,
      }) as unknown as Iterable<OldRow>;
      const found: OldRow[] = [];
      for (const row of rows) {
        scanned += 1;
        this.#position = { tenant, endedAt: row.ended_at, device: row.device, no: row.no };
        if (row.is_kept === 0) found.push(row);
        if (dropped + found.length === maxDropped) break;
      }
      for (const row of found) this.#dropOne(tenant, row, nowMs);
      const last = found.at(-1);
      if (last) this.#noteDropped.run(droppedThroughName(tenant), String(last.ended_at));
      dropped += found.length;
      if (dropped === maxDropped || scanned === maxScanned) return dropped;
    }
    this.#position = start;
    return dropped;
  }

  #dropOne(
    tenant: string,
    { no, device, adapter_id: adapterId, epoch, holder }: OldRow,
    nowMs: number,
  ): void {
    this.#drop.run(no);
    // Connections that it took over have ended. Only this row shows that, so they are dropped with it.
    if (holder !== null) this.#dropTakenOver.run(tenant, device, holder, takenOverBefore(epoch));
    // If an event of it comes again, it must not open the connection again.
    this.#adapters.closeThrough(tenant, adapterId, epoch, nowMs);
  }

  /** Forgets some connections of a device, and with the last of them the device. Call it again while `isMore`. */
  forget({ tenant, device }: DeviceRef): Forgotten {
    const [connections, ...others] = this.#forget;
    const removed = Number(connections?.run(tenant, device).changes);
    if (removed === maxDropped) return { wasKnown: true, isMore: true };
    const [devices = 0] = others.map((statement) => Number(statement.run(tenant, device).changes));
    const wasKnown = removed + devices > 0;
    // Readers of `watch` get this change.
    if (wasKnown) this.#change.run(tenant, device, JSON.stringify(withoutEvents(tenant, device)));
    return { wasKnown, isMore: false };
  }
}

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeviceRef } from '@rollcall/core';
import type { DeviceQuery, HistoryQuery, StoredConnection, StoredDevice } from '../presence-store.ts';
import type { AdapterBook } from '../fold/adapter-book.ts';
import { takenOverAfter } from '../fold/connection-row.ts';
import { behindAllWith, maxScanned, storedIn, withoutEvents } from '../fold/device-state.ts';
import {
  historyPage,
  historyColumns,
  storedConnection,
  positionOf,
  type HistoryRow,
} from '../fold/history-page.ts';
import type { CountRow } from '../fold/summary.ts';
import { tenantsSql } from '../fold/tenants.ts';
import { placeKind } from './place-kind.ts';

interface StateRow {
  readonly device: string;
  readonly state: string;
}

/** The short queries. */
export class Reads {
  readonly #clock: { now(): number };
  readonly #adapters: AdapterBook;
  readonly #state: StatementSync;
  readonly #page: StatementSync;
  readonly #past: StatementSync;
  readonly #holdersAfter: StatementSync;
  readonly #counts: StatementSync;
  readonly #tenants: StatementSync;

  constructor(database: DatabaseSync, adapters: AdapterBook, clock: { now(): number }) {
    this.#clock = clock;
    this.#adapters = adapters;
    this.#state = database.prepare('SELECT device, state FROM devices WHERE tenant = ? AND device = ?');
    this.#page = database.prepare(
      `SELECT device, iif((:status IS NULL OR status = :status) AND (:protocol IS NULL OR protocol = :protocol)
         AND (:reason IS NULL OR reason = :reason) AND (:since IS NULL OR since >= :since), state, NULL) AS state
       FROM devices WHERE tenant = :tenant AND device > :after AND device >= :from AND device < :to
       ORDER BY device LIMIT ${maxScanned + 1}`,
    );
    this.#past = database.prepare(
      `SELECT ${historyColumns} FROM places p JOIN connections c ON c.no = p.no
       WHERE p.tenant = :tenant AND p.device = :device AND p.kind = ${placeKind.byBegin} AND p.key <= :to
         AND (ended_at IS NULL OR ended_at >= :from) AND (p.key, p.key_then) < (:beforeAt, :beforeId)
       ORDER BY p.key DESC, p.key_then DESC LIMIT :limit`,
    );
    this.#holdersAfter = database.prepare(
      `SELECT min(connected_at) AS at FROM places p JOIN connections c ON c.no = p.no
       WHERE p.tenant = ? AND p.device = ? AND p.kind = ${placeKind.bySlot} AND p.key = ? AND p.key_then > ?`,
    );
    this.#tenants = database.prepare(tenantsSql('?', '?'));
    this.#counts = database.prepare(
      `SELECT status, nullif(protocol, '') AS protocol, nullif(reason, '') AS reason,
         nullif(adapter_id, '') AS adapter_id, number AS count FROM counts WHERE tenant = ?`,
    );
  }

  get({ tenant, device }: DeviceRef): StoredDevice {
    const row = this.#state.get(tenant, device) as unknown as StateRow | undefined;
    return row ? storedIn(row.state) : withoutEvents(tenant, device);
  }

  list(
    tenant: string,
    query: DeviceQuery,
  ): { readonly devices: readonly StoredDevice[]; readonly next?: string } {
    const { status, protocol, reason, sinceMs, q = '', after = '', limit } = query;
    const devices: StoredDevice[] = [];
    let scanned = 0;
    let last = after;
    const rows = this.#page.iterate({
      tenant,
      after,
      from: q,
      to: behindAllWith(q),
      status: status ?? null,
      protocol: protocol ?? null,
      reason: reason ?? null,
      since: sinceMs ?? null,
    }) as unknown as Iterable<{ readonly device: string; readonly state: string | null }>;
    for (const { device, state } of rows) {
      if (devices.length === limit || scanned === maxScanned) return { devices, next: last };
      scanned += 1;
      last = device;
      if (state !== null) devices.push(storedIn(state));
    }
    return { devices };
  }

  history(
    { tenant, device }: DeviceRef,
    { fromMs, toMs, limit, after }: HistoryQuery,
  ): { readonly connections: readonly StoredConnection[]; readonly next?: string } {
    const [beforeAt, beforeId] = positionOf(after);
    const rows = this.#past.all({
      tenant,
      device,
      from: fromMs,
      to: toMs,
      beforeAt,
      beforeId,
      limit: limit + 1,
    }) as unknown as readonly HistoryRow[];
    const nowMs = this.#clock.now();
    return historyPage(rows, limit, (row) =>
      storedConnection(tenant, row, this.#adapters, this.#takenOverAt(tenant, device, row), nowMs),
    );
  }

  counts(tenant: string): readonly CountRow[] {
    return this.#counts.all(tenant) as unknown as readonly CountRow[];
  }

  tenants(after: string, limit: number): readonly string[] {
    return this.#tenants.all(after, limit).map(({ tenant }) => String(tenant));
  }

  /** When another connection took the slot of an open one. */
  #takenOverAt(tenant: string, device: string, { ending, holder, epoch }: HistoryRow): number | undefined {
    if (ending !== null || holder === null) return undefined;
    const row = this.#holdersAfter.get(tenant, device, holder, takenOverAfter(epoch));
    return (row as { readonly at: number | null }).at ?? undefined;
  }
}

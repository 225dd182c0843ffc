import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ending } from '@rollcall/client';
import type { DeviceRef } from '@rollcall/core';
import type { HonoConnectionEvent } from '@rollcall/hono-wire';
import { isSilent, type AdapterBook } from '../fold/adapter-book.ts';
import { isTakenOver } from '../fold/connection-row.ts';
import {
  deviceRow,
  differsIn,
  latestOf,
  maxEndings,
  type DeviceRow,
  type EndRow,
} from '../fold/device-state.ts';
import { placeKind } from './place-kind.ts';

interface OpenRow {
  readonly no: number;
  readonly marked: number;
  readonly facts: string;
  readonly instance: string;
  readonly epoch: string;
  readonly heard: number;
  readonly announcedAfter: string | null;
  readonly adapter_id: string;
  readonly newest: string | null;
}

/** The state of each device. It is computed from the device's connections whenever one of them changes. */
export class DeviceStates {
  readonly #adapters: AdapterBook;
  readonly #open: StatementSync;
  readonly #ends: StatementSync;
  readonly #ending: StatementSync;
  readonly #known: StatementSync;
  readonly #write: StatementSync;
  readonly #change: StatementSync;
  readonly #markSilent: StatementSync;

  constructor(database: DatabaseSync, adapters: AdapterBook) {
    this.#adapters = adapters;
    const { byId, open, byEnd, bySlot, byEndedEpoch } = placeKind;
    const found = (kind: number): string =>
      `FROM places p JOIN connections c ON c.no = p.no WHERE p.tenant = ? AND p.device = ? AND p.kind = ${kind}`;
    this.#open = database.prepare(
      `SELECT c.no, is_silent AS marked, facts, instance, epoch, heard, announced_after AS "announcedAfter", adapter_id,
         (SELECT max(n.key_then) FROM places n
          WHERE n.tenant = c.tenant AND n.device = c.device AND n.kind = ${bySlot} AND n.key = c.holder) AS newest
       ${found(open)} ORDER BY connected_at, id`,
    );
    // Both the latest by the clocks of adapters and the latest by epoch: after a clock was set back, its times are too early for long.
    const ends = (kind: number): string =>
      `SELECT * FROM (SELECT id, ended_at, ended_by, ended_epoch, c.adapter_id ${found(kind)}
       ORDER BY p.key DESC LIMIT ${maxEndings})`;
    this.#ends = database.prepare(`${ends(byEnd)} UNION ${ends(byEndedEpoch)}`);
    this.#ending = database.prepare(`SELECT ending ${found(byId)} AND p.key = ?`);
    this.#known = database.prepare(
      'SELECT state, protocol, adapter_id AS adapter, said FROM devices WHERE tenant = ? AND device = ?',
    );
    this.#write = database.prepare(
      `INSERT INTO devices (tenant, device, state, status, since, protocol, reason, adapter_id, last_ending, said)
       VALUES (:tenant, :device, :state, :status, :since, :protocol, :reason, :adapter, :ending, :said)
       ON CONFLICT (tenant, device) DO UPDATE SET state = excluded.state, status = excluded.status, since = excluded.since,
         protocol = excluded.protocol, reason = excluded.reason, adapter_id = excluded.adapter_id,
         last_ending = excluded.last_ending, said = excluded.said`,
    );
    this.#change = database.prepare('INSERT INTO changes (tenant, device, state) VALUES (?, ?, ?)');
    this.#markSilent = database.prepare('UPDATE connections SET is_silent = ? WHERE no = ?');
  }

  /**
   * Computes the state of a device again.
   *
   * @param said a new event of an adapter whose events have no connection-id.
   * @returns whether the state changed.
   */
  renew(device: DeviceRef, nowMs: number, said?: HonoConnectionEvent): boolean {
    const key = [device.tenant, device.device] as const;
    const before = this.#known.get(...key) as
      | Pick<DeviceRow, 'state' | 'protocol' | 'adapter' | 'said'>
      | undefined;
    const saidText = said ? JSON.stringify(said) : (before?.said ?? null);
    const open = this.#judgedOpen(device, nowMs).filter((each) => !isTakenOver(each));
    const latest = this.#latestEnding(device);
    const row = deviceRow({ device, open, latest, said: saidText });
    const isNews = row.state !== before?.state;
    if (isNews || differsIn(row, before)) this.#write.run(row);
    if (isNews) this.#change.run(...key, row.state);
    return isNews;
  }

  /** The connections without an ending. Whether its state is unknown is noted for each of them: sweeps look for the others. */
  #judgedOpen({ tenant, device }: DeviceRef, nowMs: number) {
    const rows = this.#open.all(tenant, device) as unknown as readonly OpenRow[];
    return rows.map((row) => {
      const silent = isSilent(this.#adapters.get(tenant, row.adapter_id), row, nowMs);
      if (silent !== (row.marked === 1)) this.#markSilent.run(silent ? 1 : 0, row.no);
      return Object.assign(row, { silent });
    });
  }

  #latestEnding({ tenant, device }: DeviceRef): { readonly id: string; readonly ending: Ending } | undefined {
    const rows = this.#ends.all(tenant, device, tenant, device) as unknown as readonly EndRow[];
    const id = latestOf(rows);
    if (id === undefined) return undefined;
    const { ending } = this.#ending.get(tenant, device, id) as { readonly ending: string };
    return { id, ending: JSON.parse(ending) as Ending };
  }
}

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { graceOf, type AdapterBook, type Heard } from '../fold/adapter-book.ts';

interface DeviceRow {
  readonly tenant: string;
  readonly device: string;
}

/** About how many connections one sweep checks: the others wait for the next sweep. */
const maxScanned = 500;

interface ScanPosition {
  readonly is_silent: number;
  readonly heard: number;
  readonly no: number;
}

const start: ScanPosition = { is_silent: -1, heard: -1, no: -1 };

interface Recheck {
  readonly tenant: string;
  readonly adapterId: string;
  after: ScanPosition;
}

export interface Found {
  readonly devices: readonly DeviceRow[];
  /** Whether the next sweep must follow at once: there are more to check. */
  readonly isMore: boolean;
}

/** Finds devices whose status changes with time, and not with an event: their connections are no longer announced. */
export class SilentConnections {
  readonly #adapters: AdapterBook;
  readonly #behind: StatementSync;
  readonly #alike: StatementSync;
  readonly #next: StatementSync;
  /** Adapters whose connections must all be checked, each with the position that the check has reached. */
  readonly #rechecks = new Map<string, Recheck>();

  constructor(database: DatabaseSync, adapters: AdapterBook) {
    this.#adapters = adapters;
    this.#behind = database.prepare(
      `SELECT DISTINCT tenant, device FROM connections
       WHERE tenant = ? AND adapter_id = ? AND is_silent = 0 AND heard < ? AND ended_at IS NULL LIMIT ?`,
    );
    // In the order of an index: a row that changes meanwhile is not missed, but may be checked twice. Many rows have the same index key.
    const ofAdapter = (behind: string): string =>
      `SELECT tenant, device, is_silent, heard, no FROM connections
       WHERE tenant = :tenant AND adapter_id = :adapterId AND ended_at IS NULL AND ${behind}
       ORDER BY is_silent, heard, no LIMIT :limit`;
    this.#alike = database.prepare(ofAdapter('is_silent = :isSilent AND heard = :heard AND no > :no'));
    this.#next = database.prepare(ofAdapter('(is_silent, heard) > (:isSilent, :heard)'));
    // A process that ends loses these positions, so all connections are checked after a start.
    for (const { tenant, adapterId } of adapters.all()) this.recheck(tenant, adapterId);
  }

  /** The states of all connections of an adapter may have become known, or unknown: the next sweeps check them. */
  recheck(tenant: string, adapterId: string): void {
    this.#rechecks.set(JSON.stringify([tenant, adapterId]), { tenant, adapterId, after: start });
  }

  find(nowMs: number): Found {
    const found: DeviceRow[] = [];
    for (const heard of this.#adapters.all()) {
      if (found.length >= maxScanned) break;
      const graceMs = graceOf(heard);
      if (graceMs === undefined) continue;
      if (nowMs - heard.lastHeardMs > graceMs) this.#fellSilent(heard);
      const behind = Math.round(heard.listenedMs) - graceMs;
      if (behind > 0)
        found.push(...this.#rows(this.#behind.all(heard.tenant, heard.adapterId, behind, maxScanned)));
    }
    for (const [key, recheck] of this.#rechecks) {
      if (found.length >= maxScanned) break;
      const rows = this.#rowsBehind(recheck);
      found.push(...rows);
      recheck.after = rows.at(-1) ?? recheck.after;
      if (rows.length < maxScanned) this.#rechecks.delete(key);
    }
    const devices = new Map(found.map((row) => [JSON.stringify([row.tenant, row.device]), row]));
    return { devices: [...devices.values()], isMore: found.length >= maxScanned };
  }

  #rowsBehind({ tenant, adapterId, after }: Recheck): readonly (DeviceRow & ScanPosition)[] {
    const { is_silent: isSilent, heard, no } = after;
    const of = { tenant, adapterId, isSilent, heard };
    const alike = this.#alike.all({ ...of, no, limit: maxScanned });
    const next = this.#next.all({ ...of, limit: maxScanned - alike.length });
    return [...alike, ...next] as unknown as readonly (DeviceRow & ScanPosition)[];
  }

  #fellSilent(heard: Heard): void {
    if (heard.isSilent) return;
    heard.isSilent = true;
    this.recheck(heard.tenant, heard.adapterId);
  }

  #rows(rows: readonly unknown[]): readonly DeviceRow[] {
    return rows as readonly DeviceRow[];
  }
}

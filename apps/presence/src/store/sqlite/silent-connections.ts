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
  /**
   * The adapters that this round has yet to visit, and the position that it has reached in the first of them. A round that began again
   * with each sweep would not reach the last of them while the first have many connections to check.
   */
  #round: readonly Heard[] = [];
  #reached = start;
  /** Adapters whose connections must all be checked, each with the position that the check has reached. */
  readonly #rechecks = new Map<string, Recheck>();

  constructor(database: DatabaseSync, adapters: AdapterBook) {
    this.#adapters = adapters;
    this.#behind = database.prepare(
      `SELECT tenant, device, is_silent, heard, no FROM connections
       WHERE tenant = :tenant AND adapter_id = :adapterId AND is_silent = 0 AND ended_at IS NULL
         AND heard >= :heard AND heard < :behind AND (heard, no) > (:heard, :no)
       ORDER BY heard, no LIMIT :limit`,
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
    const found = [...this.#nextOfRound(nowMs), ...this.#nextRechecked()];
    const devices = new Map(found.map((row) => [JSON.stringify([row.tenant, row.device]), row]));
    return { devices: [...devices.values()], isMore: this.#round.length > 0 || this.#rechecks.size > 0 };
  }

  #nextOfRound(nowMs: number): readonly DeviceRow[] {
    if (this.#round.length === 0) this.#round = [...this.#adapters.all()];
    const found: DeviceRow[] = [];
    for (let [heard] = this.#round; heard && found.length < maxScanned; [heard] = this.#round) {
      const limit = maxScanned - found.length;
      const rows = this.#behindOf(heard, nowMs, limit);
      found.push(...rows);
      this.#reached = rows.at(-1) ?? start;
      if (rows.length === limit) break;
      this.#reached = start;
      this.#round = this.#round.slice(1);
    }
    return found;
  }

  #behindOf(heard: Heard, nowMs: number, limit: number): readonly (DeviceRow & ScanPosition)[] {
    const graceMs = graceOf(heard);
    if (graceMs === undefined) return [];
    if (nowMs - heard.lastHeardMs > graceMs) this.#fellSilent(heard);
    const behind = Math.round(heard.listenedMs) - graceMs;
    if (behind <= 0) return [];
    const { tenant, adapterId } = heard;
    const after = { heard: this.#reached.heard, no: this.#reached.no };
    const rows = this.#behind.all({ tenant, adapterId, behind, ...after, limit });
    return rows as unknown as readonly (DeviceRow & ScanPosition)[];
  }

  #nextRechecked(): readonly DeviceRow[] {
    const found: DeviceRow[] = [];
    for (const [key, recheck] of this.#rechecks) {
      if (found.length >= maxScanned) break;
      const rows = this.#rowsBehind(recheck);
      found.push(...rows);
      recheck.after = rows.at(-1) ?? recheck.after;
      if (rows.length < maxScanned) this.#rechecks.delete(key);
    }
    return found;
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
}

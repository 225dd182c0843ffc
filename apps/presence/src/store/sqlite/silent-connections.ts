import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { graceOf, type AdapterBook, type Heard } from '../fold/adapter-book.ts';

interface DeviceRow {
  readonly tenant: string;
  readonly device: string;
}

/** Connections that are looked at in one sweep, about: the others wait for the next. */
const maxLooked = 500;

interface Place {
  readonly is_silent: number;
  readonly heard: number;
  readonly no: number;
}

const beforeAll: Place = { is_silent: -1, heard: -1, no: -1 };

interface Looking {
  readonly tenant: string;
  readonly adapterId: string;
  after: Place;
}

export interface Found {
  readonly devices: readonly DeviceRow[];
  /** Whether more are to be looked at, and not only later. */
  readonly isMore: boolean;
}

/** Finds devices whose status changes with time and not with an event: of connections that nobody announces any more. */
export class SilentConnections {
  readonly #adapters: AdapterBook;
  readonly #behind: StatementSync;
  readonly #alike: StatementSync;
  readonly #next: StatementSync;
  /** Adapters all of whose connections are to be looked at, and how far that is. */
  readonly #lookingAt = new Map<string, Looking>();

  constructor(database: DatabaseSync, adapters: AdapterBook) {
    this.#adapters = adapters;
    this.#behind = database.prepare(
      `SELECT DISTINCT tenant, device FROM connections
       WHERE tenant = ? AND adapter_id = ? AND is_silent = 0 AND heard < ? AND ended_at IS NULL LIMIT ?`,
    );
    // In the order of an index: what changes meanwhile is not passed over, and may be looked at twice. Many are alike in what is indexed.
    const ofAdapter = (behind: string): string =>
      `SELECT tenant, device, is_silent, heard, no FROM connections
       WHERE tenant = :tenant AND adapter_id = :adapterId AND ended_at IS NULL AND ${behind}
       ORDER BY is_silent, heard, no LIMIT :limit`;
    this.#alike = database.prepare(ofAdapter('is_silent = :isSilent AND heard = :heard AND no > :no'));
    this.#next = database.prepare(ofAdapter('(is_silent, heard) > (:isSilent, :heard)'));
    // What was still to be looked at when the process ended is known no more: all of them are.
    for (const { tenant, adapterId } of adapters.all()) this.lookAgain(tenant, adapterId);
  }

  /** All connections of an adapter may be known again, or not be known any more. */
  lookAgain(tenant: string, adapterId: string): void {
    this.#lookingAt.set(JSON.stringify([tenant, adapterId]), { tenant, adapterId, after: beforeAll });
  }

  find(nowMs: number): Found {
    const found: DeviceRow[] = [];
    for (const heard of this.#adapters.all()) {
      if (found.length >= maxLooked) break;
      const graceMs = graceOf(heard);
      if (graceMs === undefined) continue;
      if (nowMs - heard.lastHeardMs > graceMs) this.#fellSilent(heard);
      const behind = Math.round(heard.listenedMs) - graceMs;
      if (behind > 0)
        found.push(...this.#rows(this.#behind.all(heard.tenant, heard.adapterId, behind, maxLooked)));
    }
    for (const [key, place] of this.#lookingAt) {
      if (found.length >= maxLooked) break;
      const rows = this.#rowsBehind(place);
      found.push(...rows);
      place.after = rows.at(-1) ?? place.after;
      if (rows.length < maxLooked) this.#lookingAt.delete(key);
    }
    const devices = new Map(found.map((row) => [JSON.stringify([row.tenant, row.device]), row]));
    return { devices: [...devices.values()], isMore: found.length >= maxLooked };
  }

  #rowsBehind({ tenant, adapterId, after }: Looking): readonly (DeviceRow & Place)[] {
    const { is_silent: isSilent, heard, no } = after;
    const of = { tenant, adapterId, isSilent, heard };
    const alike = this.#alike.all({ ...of, no, limit: maxLooked });
    const next = this.#next.all({ ...of, limit: maxLooked - alike.length });
    return [...alike, ...next] as unknown as readonly (DeviceRow & Place)[];
  }

  #fellSilent(heard: Heard): void {
    if (heard.isSilent) return;
    heard.isSilent = true;
    this.lookAgain(heard.tenant, heard.adapterId);
  }

  #rows(rows: readonly unknown[]): readonly DeviceRow[] {
    return rows as readonly DeviceRow[];
  }
}

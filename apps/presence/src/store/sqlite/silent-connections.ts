import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { graceOf, type AdapterBook, type Heard } from '../fold/adapter-book.ts';

interface DeviceRow {
  readonly tenant: string;
  readonly device: string;
}

/** Devices that are looked at in one sweep: the others wait for the next. */
const maxDevices = 1_000;

/** Finds devices whose status changes with time and not with an event: of connections that nobody announces any more. */
export class SilentConnections {
  readonly #adapters: AdapterBook;
  readonly #behind: StatementSync;
  readonly #ofAdapter: StatementSync;
  /** Adapters all of whose connections are to be looked at, and how far that is. */
  readonly #lookingAt = new Map<
    string,
    { readonly tenant: string; readonly adapterId: string; after: string }
  >();

  constructor(database: DatabaseSync, adapters: AdapterBook) {
    this.#adapters = adapters;
    this.#behind = database.prepare(
      `SELECT DISTINCT tenant, device FROM connections
       WHERE tenant = ? AND adapter_id = ? AND is_silent = 0 AND heard < ? AND ended_at IS NULL LIMIT ?`,
    );
    this.#ofAdapter = database.prepare(
      `SELECT DISTINCT tenant, device FROM connections
       WHERE tenant = ? AND adapter_id = ? AND ended_at IS NULL AND device > ? ORDER BY device LIMIT ?`,
    );
    // What was still to be looked at when the process ended is known no more: all of them are.
    for (const { tenant, adapterId } of adapters.all()) this.lookAgain(tenant, adapterId);
  }

  /** All connections of an adapter may be known again, or not be known any more. */
  lookAgain(tenant: string, adapterId: string): void {
    this.#lookingAt.set(JSON.stringify([tenant, adapterId]), { tenant, adapterId, after: '' });
  }

  find(nowMs: number): readonly DeviceRow[] {
    const found: DeviceRow[] = [];
    for (const heard of this.#adapters.all()) {
      if (found.length >= maxDevices) break;
      const graceMs = graceOf(heard);
      if (graceMs === undefined) continue;
      if (nowMs - heard.lastHeardMs > graceMs) this.#fellSilent(heard);
      const behind = Math.round(heard.listenedMs) - graceMs;
      if (behind > 0)
        found.push(...this.#rows(this.#behind.all(heard.tenant, heard.adapterId, behind, maxDevices)));
    }
    for (const [key, place] of this.#lookingAt) {
      if (found.length >= maxDevices) break;
      const rows = this.#rows(this.#ofAdapter.all(place.tenant, place.adapterId, place.after, maxDevices));
      found.push(...rows);
      place.after = rows.at(-1)?.device ?? place.after;
      if (rows.length < maxDevices) this.#lookingAt.delete(key);
    }
    return found;
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

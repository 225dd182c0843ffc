import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { announcedAfter, type AdapterBook } from '../fold/adapter-book.ts';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { columnsOfConnected, columnsOfDisconnected } from '../fold/connection-row.ts';
import { placeKind } from './place-kind.ts';

/** Writes events into the table of connections. Each event takes one statement, whether its connection is known or not. */
export class Fold {
  readonly #adapters: AdapterBook;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #isKept: StatementSync;

  constructor(database: DatabaseSync, adapters: AdapterBook) {
    this.#adapters = adapters;
    // For an unknown connection this is NULL, and SQLite gives the new row the next number.
    const known = `(SELECT no FROM places WHERE tenant = :tenant AND device = :device AND kind = ${placeKind.byId} AND key = :id)`;
    // An announcement has the present adapter and facts of a connection; an event that is sent again has nothing new, and may be of an
    // earlier adapter. The epoch of an announcement may be greater than before: an adapter raises it above that of a connection that was
    // taken over.
    this.#begin = database.prepare(
      `INSERT INTO connections (no, tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard,
         announced_after)
       VALUES (${known}, :tenant, :device, :id, :facts, :adapter, :instance, :holder, :epoch, :at, :heard, :announcedAfter)
       ON CONFLICT (no) DO UPDATE SET
         facts = excluded.facts, adapter_id = excluded.adapter_id, instance = excluded.instance,
         epoch = max(excluded.epoch, epoch), heard = excluded.heard,
         announced_after = excluded.announced_after, is_silent = 0
       WHERE :announced AND ended_at IS NULL`,
    );
    // Of several endings of one connection, the first counts. The row gets the adapter of that ending: endings are compared by adapter.
    this.#end = database.prepare(
      `INSERT INTO connections (no, tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard,
         ending, ended_at, ended_by, ended_epoch)
       VALUES (${known}, :tenant, :device, :id, :facts, :adapter, :instance, :holder, :epoch, :at, 0,
         :ending, :endedAt, :endedBy, :endedEpoch)
       ON CONFLICT (no) DO UPDATE SET
         ending = excluded.ending, ended_at = excluded.ended_at, ended_by = excluded.ended_by,
         ended_epoch = excluded.ended_epoch, adapter_id = excluded.adapter_id, epoch = max(excluded.epoch, epoch)
       WHERE ended_at IS NULL OR (excluded.ended_at, excluded.ended_by) < (ended_at, ended_by)`,
    );
    this.#isKept = database.prepare(
      `SELECT 1 FROM places WHERE tenant = ? AND device = ? AND kind = ${placeKind.byId} AND key = ?`,
    );
  }

  /** @returns whether the connections of the event's adapter must be checked again. */
  add(event: ReceivedEvent, nowMs: number): boolean {
    const { tenant } = event.device;
    const mustRecheck = this.#adapters.hear(event, nowMs);
    const heard = this.#adapters.get(tenant, event.adapter.id);
    if (event.type === 'disconnected') this.#end.run(columnsOfDisconnected(event));
    else if (event.epoch > (heard?.closedThrough ?? '') || this.#keeps(event))
      this.#begin.run({
        ...columnsOfConnected(event),
        heard: Math.round(heard?.listenedMs ?? 0),
        announcedAfter: announcedAfter(heard, event) ?? null,
        announced: event.announcement ? 1 : 0,
      });
    return mustRecheck;
  }

  #keeps({ device: { tenant, device }, connectionId }: ReceivedEvent): boolean {
    return this.#isKept.get(tenant, device, connectionId) !== undefined;
  }
}

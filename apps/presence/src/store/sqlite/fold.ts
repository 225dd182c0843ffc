import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { endingOf, openConnection, takeoverMarginMs } from '@rollcall/client/internal';
import type { Ending, OpenConnection } from '@rollcall/client';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import type { Adapters } from './adapters.ts';

/** Writes events into the table of connections. What one says is added by one statement, whatever is there already. */
export class Fold {
  readonly #adapters: Adapters;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #isKept: StatementSync;

  constructor(database: DatabaseSync, adapters: Adapters) {
    this.#adapters = adapters;
    // An announcement says by which adapter, and how, the connection is known now; a repetition says nothing new. Its epoch may be
    // greater than it was: an adapter raises it above that of a connection that was taken over.
    this.#begin = database.prepare(
      `INSERT INTO connections (tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard)
       VALUES (:tenant, :device, :id, :facts, :adapter, :instance, :holder, :epoch, :at, :heard)
       ON CONFLICT DO UPDATE SET
         facts = iif(:announced, excluded.facts, facts),
         adapter_id = iif(:announced, excluded.adapter_id, adapter_id),
         instance = iif(:announced, excluded.instance, instance),
         epoch = iif(:announced, max(excluded.epoch, epoch), epoch),
         heard = excluded.heard, is_silent = 0
       WHERE ended_at IS NULL`,
    );
    // Of several endings of one connection, the first counts. Its adapter is the one whose endings it is compared with.
    this.#end = database.prepare(
      `INSERT INTO connections (tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard,
         ending, ended_at, ended_by, ended_epoch)
       VALUES (:tenant, :device, :id, :facts, :adapter, :instance, :holder, :epoch, :at, 0,
         :ending, :endedAt, :endedBy, :endedEpoch)
       ON CONFLICT DO UPDATE SET
         ending = excluded.ending, ended_at = excluded.ended_at, ended_by = excluded.ended_by,
         ended_epoch = excluded.ended_epoch, adapter_id = excluded.adapter_id
       WHERE ended_at IS NULL OR (excluded.ended_at, excluded.ended_by) < (ended_at, ended_by)`,
    );
    this.#isKept = database.prepare('SELECT 1 FROM connections WHERE tenant = ? AND device = ? AND id = ?');
  }

  /** @returns whether connections of its adapter are to be looked at again. */
  add(event: ReceivedEvent, nowMs: number): boolean {
    const { tenant } = event.device;
    const mustLook = this.#adapters.hear(event, nowMs);
    const heard = this.#adapters.get(tenant, event.adapter.id);
    if (event.type === 'disconnected') this.#end.run({ ...rowOf(began(event)), ...endOf(endingOf(event)) });
    else if (event.epoch > (heard?.closedThrough ?? '') || this.#keeps(event))
      this.#begin.run({
        ...rowOf(openConnection(event)),
        heard: Math.round(heard?.listenedMs ?? 0),
        announced: event.announcement ? 1 : 0,
      });
    return mustLook;
  }

  #keeps({ device: { tenant, device }, connectionId }: ReceivedEvent): boolean {
    return this.#isKept.get(tenant, device, connectionId) !== undefined;
  }
}

/** At most one connection of a device can hold it at a time. */
export function holderOf({ slot, adapter }: Pick<OpenConnection, 'slot' | 'adapter'>): string | undefined {
  return slot === undefined ? undefined : `${adapter.type}\n${slot}`;
}

/** The greatest epoch that a connection may have which one with this epoch took over: clocks of adapters differ. */
export function takenOverBefore(epoch: string): string {
  const ms = Number.parseInt(epoch.slice(0, 12), 16) - takeoverMarginMs;
  return ms < 0 ? '' : ms.toString(16).padStart(12, '0');
}

function rowOf(connection: OpenConnection) {
  const { device, adapter, connectionId, epoch, at } = connection;
  return {
    tenant: device.tenant,
    device: device.device,
    id: connectionId,
    facts: JSON.stringify(connection),
    adapter: adapter.id,
    instance: adapter.instance,
    holder: holderOf(connection) ?? null,
    epoch,
    at,
  };
}

function endOf(ending: Ending) {
  return {
    ending: JSON.stringify(ending),
    endedAt: ending.at,
    endedBy: ending.id,
    endedEpoch: ending.endedEpoch ?? null,
  };
}

/** The connection of which only the end is known. */
function began(event: Extract<ReceivedEvent, { type: 'disconnected' }>): OpenConnection {
  const { basis } = event;
  const { until: _until, ...open } = basis.kind === 'lease' ? basis : { ...basis, until: undefined };
  return { ...openConnection({ ...event, type: 'connected' }), at: event.connectedAt, basis: open };
}

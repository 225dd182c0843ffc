import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import { heardInstances, instanceKeptMs } from '../fold/heard-instances.ts';
import { instancesPage, type CountedRow } from '../fold/instances-page.ts';
import type { InstancesPage, InstancesQuery } from '../presence-store.ts';

/** When each incarnation of an adapter published something. */
export class Instances {
  readonly #write: StatementSync;
  readonly #read: StatementSync;
  readonly #drop: StatementSync;

  constructor(database: DatabaseSync) {
    this.#write = database.prepare(
      `INSERT INTO instances VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         heard_at = max(heard_at, excluded.heard_at),
         interval = iif(excluded.announced_at >= ifnull(announced_at, 0), excluded.interval, interval),
         announced_at = max(ifnull(announced_at, excluded.announced_at), ifnull(excluded.announced_at, announced_at))`,
    );
    this.#read = database.prepare(
      `SELECT *, ifnull((SELECT number FROM open_by_instance o
         WHERE o.adapter_id = i.adapter_id AND o.instance = i.instance), 0) AS connections
       FROM instances i WHERE (adapter_id, instance) > (:adapter, :after)
         AND (:id IS NULL OR adapter_id = :id) AND (:instance IS NULL OR instance = :instance)
       ORDER BY adapter_id, instance LIMIT :limit`,
    );
    this.#drop = database.prepare('DELETE FROM instances WHERE heard_at < ?');
  }

  /** Notes the incarnations of a batch. Call it within the transaction of the events. */
  hear(events: readonly (ReceivedEvent | HonoConnectionEvent)[], nowMs: number): void {
    for (const row of heardInstances(events, nowMs))
      this.#write.run(
        row.adapter_id,
        row.instance,
        row.adapter_type,
        row.heard_at,
        row.announced_at,
        row.interval,
      );
  }

  read({ adapterId, instance, limit, after }: InstancesQuery): InstancesPage {
    const rows = this.#read.all({
      adapter: after?.adapterId ?? '',
      after: after?.instance ?? '',
      id: adapterId ?? null,
      instance: instance ?? null,
      limit: limit + 1,
    });
    return instancesPage(rows as unknown as readonly CountedRow[], limit);
  }

  /** Drops all that are too old at once: there are few. */
  drop(nowMs: number): void {
    this.#drop.run(nowMs - instanceKeptMs);
  }
}

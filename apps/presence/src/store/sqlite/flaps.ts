import type { DatabaseSync } from 'node:sqlite';
import { maxFlapping, type FlapRow } from '../fold/summary.ts';

/** Asks for devices of a tenant with more than `flaps` changes since this time. */
export interface FlapsQuery {
  readonly tenant: string;
  readonly since: number;
  readonly flaps: number;
}

/** This takes longer the more changes there were. */
export function readFlaps(database: DatabaseSync, { tenant, since, flaps }: FlapsQuery): readonly FlapRow[] {
  const rows = database
    .prepare(
      `SELECT device, count(*) AS count FROM (
         SELECT device FROM connections WHERE tenant = :tenant AND connected_at > :since
         UNION ALL SELECT device FROM connections WHERE tenant = :tenant AND ended_at > :since
       ) GROUP BY device HAVING count(*) > :flaps ORDER BY 2 DESC, 1 LIMIT ${maxFlapping}`,
    )
    .all({ tenant, since, flaps }) as unknown as readonly FlapRow[];
  return rows.map(({ device, count }) => ({ device, count }));
}

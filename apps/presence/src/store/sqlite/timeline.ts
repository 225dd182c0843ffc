import type { DatabaseSync } from 'node:sqlite';
import { takenOverAfter } from '../fold/connection-row.ts';
import { stepsFrom, timelineOf, type EndingRow, type StepRow } from '../fold/timeline.ts';
import type { Timeline, TimelineQuery } from '../presence-store.ts';
import { placeKind } from './place-kind.ts';

/** A connection without an ending is over when another one took its slot. Of one with an ending it is known how long it was open. */
const spans = `
  SELECT c.device, c.is_silent AND c.ended_at IS NULL AS is_silent, c.connected_at AS begin,
    CASE WHEN c.ended_at IS NOT NULL THEN c.ended_at WHEN c.holder IS NULL THEN NULL ELSE
      (SELECT min(n.connected_at) FROM places p JOIN connections n ON n.no = p.no
       WHERE p.tenant = c.tenant AND p.device = c.device AND p.kind = ${placeKind.bySlot} AND p.key = c.holder
         AND p.key_then > taken_over_after(c.epoch)) END AS finish
  FROM connections c WHERE c.tenant = :tenant AND c.connected_at <= :to AND (c.ended_at IS NULL OR c.ended_at > :from)`;

/** This takes longer the more connections there are. */
export function readTimeline(database: DatabaseSync, tenant: string, query: TimelineQuery): Timeline {
  const period = { tenant, from: query.fromMs, to: query.toMs };
  database.function('taken_over_after', { deterministic: true }, (epoch) => takenOverAfter(String(epoch)));
  // Numbers are bound as floating-point values, and steps must be integers.
  const steps = database
    .prepare(stepsFrom(spans, 'CAST(:from AS INTEGER)', 'CAST(:step AS INTEGER)'))
    .all({ ...period, step: query.stepMs }) as unknown as readonly StepRow[];
  const endings = database
    .prepare(
      `SELECT json_extract(ending, '$.reason') AS reason, count(*) AS count FROM connections
       WHERE tenant = :tenant AND ended_at > :from AND ended_at <= :to GROUP BY 1`,
    )
    .all(period) as unknown as readonly EndingRow[];
  return timelineOf(query, steps, endings);
}

import { takeoverMarginMs } from '@rollcall/client/internal';
import { stepsFrom, timelineOf, type EndingRow, type StepRow } from '../fold/timeline.ts';
import { isInEndingsInTime } from './schema.ts';
import type { Timeline, TimelineQuery } from '../presence-store.ts';
import type { Client } from '@rollcall/postgres';

/**
 * A connection without an ending is over when another one took its slot: the first whose epoch is behind the margin. Of one with an ending
 * it is known how long it was open.
 */
const spans = `
  SELECT c.device, (c.is_silent AND c.ended_at IS NULL)::int AS is_silent, c.connected_at AS begin,
    CASE WHEN c.ended_at IS NOT NULL THEN c.ended_at WHEN c.holder IS NULL THEN NULL ELSE
      (SELECT min(n.connected_at) FROM connections n
       WHERE n.tenant = c.tenant AND n.device = c.device AND n.holder = c.holder AND n.epoch >
         lpad(to_hex(('x' || lpad(substr(c.epoch, 1, 12), 16, '0'))::bit(64)::bigint + ${takeoverMarginMs}), 12, '0') || 'ffff') END
      AS finish
  FROM connections c WHERE c.tenant = $1 AND c.connected_at <= $3 AND (c.ended_at IS NULL OR c.ended_at > $2)`;

/** This takes longer the more connections there are. */
export async function readTimeline(client: Client, tenant: string, query: TimelineQuery): Promise<Timeline> {
  const period = [tenant, query.fromMs, query.toMs];
  const steps = await client.query<StepRow>(stepsFrom(spans, '$2::bigint', '$4::bigint'), [
    ...period,
    query.stepMs,
  ]);
  // A regular expression, as PostgreSQL cannot parse all of these JSON texts.
  const endings = await client.query<EndingRow>(
    `SELECT substring(ending from '"reason":("(?:[^"\\\\]|\\\\.)*")') AS reason, count(*) AS count FROM connections
     WHERE tenant = $1 AND ended_at > $2 AND ended_at <= $3 AND ${isInEndingsInTime} GROUP BY 1`,
    period,
  );
  const counted = endings.rows.map((row) => ({ reason: String(JSON.parse(row.reason)), count: row.count }));
  return timelineOf(query, steps.rows, counted);
}

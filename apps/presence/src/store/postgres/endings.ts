import type { Client } from '@rollcall/postgres';
import { maxScanned } from '../fold/device-state.ts';
import { startAfter, endingsPage, positionOfEnding, type EndedRow } from '../fold/endings-page.ts';
import { endingFilter } from '../fold/ending-filter.ts';
import type { EndingsPage, EndingsQuery } from '../presence-store.ts';
import { isInEndingsInTime } from './schema.ts';

/** In the rows of endings `scanned` is 0. One more row has the number of rows that were read, and the last of them. */
type ScannedRow = EndedRow & { readonly scanned: number };

/** Connections of a tenant that ended, the latest first. */
export async function readEndings(client: Client, tenant: string, query: EndingsQuery): Promise<EndingsPage> {
  const { fromMs, toMs, reason, protocol, adapterId, limit } = query;
  const before = startAfter(query.after);
  const order = 'ended_at DESC, device DESC, id DESC';
  const { rows } = await client.query<ScannedRow>(
    `WITH scanned AS (
       SELECT device, id, ended_at, adapter_id, ending FROM connections
       WHERE tenant = $1 AND ended_at > $2 AND ended_at <= $3 AND (ended_at, device, id) < ($4, $5, $6)
         AND ${isInEndingsInTime}
       ORDER BY ${order} LIMIT ${maxScanned}),
     fits AS (
       SELECT * FROM scanned
       WHERE ($7::text IS NULL OR strpos(ending, $7) > 0)
         AND ($8::text IS NULL OR strpos(ending, $8) > 0)
         AND ($9::text IS NULL OR adapter_id = $9)
       ORDER BY ${order} LIMIT $10),
     last AS (SELECT device, id, ended_at FROM scanned ORDER BY ended_at, device, id LIMIT 1)
     SELECT f.device, f.id, f.ended_at, f.ending, d.status, 0 AS scanned
       FROM fits f LEFT JOIN devices d ON d.tenant = $1 AND d.device = f.device
     UNION ALL SELECT device, id, ended_at, '', NULL, (SELECT count(*)::int FROM scanned) FROM last
     ORDER BY scanned, ${order}`,
    [
      ...[tenant, fromMs, toMs, before.endedAtMs, before.device, before.connectionId],
      ...[endingFilter('reason', reason), endingFilter('protocol', protocol), adapterId ?? null, limit + 1],
    ],
  );
  const end = rows.find(({ scanned }) => scanned > 0);
  const fits = rows.filter(({ scanned }) => scanned === 0);
  const shown = fits.slice(0, limit);
  const last = shown.at(-1);
  if (fits.length > limit && last) return endingsPage(tenant, shown, positionOfEnding(last));
  return endingsPage(tenant, shown, end?.scanned === maxScanned ? positionOfEnding(end) : undefined);
}

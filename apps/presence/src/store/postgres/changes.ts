import { changesRead, positionText, positionNumber, type ChangeRow } from '../fold/change-position.ts';
import type { ChangesRead } from '../presence-store.ts';
import type { Client } from '@rollcall/postgres';

interface LogRow {
  readonly first: number;
  readonly last: number;
  /** The number and the state of a change; both are `null` in the one row that comes if there is no change. */
  readonly number: number | null;
  readonly state: string | null;
}

/** The position behind everything that is committed. */
export async function positionOf(client: Client, database: string): Promise<string> {
  const { rows } = await client.query<{ readonly last: number | null }>(
    'SELECT max(number) AS last FROM changes',
  );
  return positionText(database, rows[0]?.last ?? 0);
}

export async function readChanges(
  client: Client,
  {
    database,
    tenant,
    after,
    limit,
  }: {
    readonly database: string;
    readonly tenant: string;
    readonly after: string;
    readonly limit: number;
  },
): Promise<ChangesRead | 'gone'> {
  const begin = positionNumber(database, after);
  if (begin === undefined) return 'gone';
  // One statement sees the log at one moment: no row can be dropped or added between reading its ends and reading its rows.
  const { rows } = await client.query<LogRow>(
    `SELECT ends.*, news.* FROM
       (SELECT coalesce((SELECT min(number) FROM changes), 1) AS first,
          coalesce((SELECT max(number) FROM changes), 0) AS last) AS ends
     LEFT JOIN
       (SELECT number, state FROM changes WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3) AS news ON true
     ORDER BY news.number`,
    [tenant, begin, limit],
  );
  const [{ first, last } = { first: 1, last: 0 }] = rows;
  if (begin > last || begin < first - 1) return 'gone';
  return changesRead(database, rows.filter(isChange), limit, last);
}

function isChange(row: LogRow): row is LogRow & ChangeRow {
  return row.number !== null;
}

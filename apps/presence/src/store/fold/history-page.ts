import type { Ending, OpenConnection } from '@rollcall/client';
import type { StoredConnection } from '../presence-store.ts';
import { isSilent, type AdapterBook } from './adapter-book.ts';

/** A connection of the history, as a row of a database. */
export interface HistoryRow {
  readonly id: string;
  readonly facts: string;
  readonly ending: string | null;
  readonly instance: string;
  readonly epoch: string;
  readonly heard: number;
  readonly announcedAfter: string | null;
  readonly adapter_id: string;
  readonly connected_at: number;
  readonly holder: string | null;
}

export const historyColumns =
  'id, facts, ending, instance, epoch, heard, announced_after AS "announcedAfter", adapter_id, connected_at, holder';

/** The position behind which a page begins: the time and the id of a connection. A text that is no cursor gives an empty page. */
export function positionOf(cursor: string | undefined): readonly [beforeAt: number, beforeId: string] {
  if (cursor === undefined) return [Number.MAX_SAFE_INTEGER, ''];
  const [, at = '0', id = ''] = /^(\d{1,15})\.(.*)$/s.exec(cursor) ?? [];
  return [Number(at), id];
}

/**
 * A page of the history.
 *
 * @param rows `limit` + 1 rows if there is another page.
 */
export function historyPage(
  rows: readonly HistoryRow[],
  limit: number,
  connectionOf: (row: HistoryRow) => StoredConnection,
): { readonly connections: readonly StoredConnection[]; readonly next?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    connections: shown.map(connectionOf),
    ...(rows.length > limit && last && { next: `${last.connected_at}.${last.id}` }),
  };
}

/** @param takenOverAt when another connection took its slot; only used if the row has no ending. */
export function storedConnection(
  tenant: string,
  row: HistoryRow,
  adapters: AdapterBook,
  takenOverAt: number | undefined,
  nowMs: number,
): StoredConnection {
  const connection = JSON.parse(row.facts) as OpenConnection;
  if (row.ending !== null) return { connection, ending: JSON.parse(row.ending) as Ending, silent: false };
  const silent = isSilent(adapters.get(tenant, row.adapter_id), row, nowMs);
  return { connection, silent, ...(takenOverAt !== undefined && { takenOverAt }) };
}

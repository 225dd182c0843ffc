import type { Ending, OpenConnection } from '@rollcall/client';
import type { StoredConnection } from '../presence-store.ts';
import { isSilent, type AdapterBook } from './adapter-book.ts';

/** A connection of the history, as databases have it. */
export interface PastRow {
  readonly id: string;
  readonly facts: string;
  readonly ending: string | null;
  readonly instance: string;
  readonly epoch: string;
  readonly heard: number;
  readonly adapter_id: string;
  readonly connected_at: number;
  readonly holder: string | null;
}

export const pastColumns = 'id, facts, ending, instance, epoch, heard, adapter_id, connected_at, holder';

/** When what follows a cursor began, at most, and its id; a text that is no cursor is a place behind all. */
export function placeOf(cursor: string | undefined): readonly [beforeAt: number, beforeId: string] {
  if (cursor === undefined) return [Number.MAX_SAFE_INTEGER, ''];
  const [, at = '0', id = ''] = /^(\d{1,15})\.(.*)$/s.exec(cursor) ?? [];
  return [Number(at), id];
}

/**
 * A page of the history.
 *
 * @param rows one more than the page may have, where there are as many.
 */
export function pageOf(
  rows: readonly PastRow[],
  limit: number,
  connectionOf: (row: PastRow) => StoredConnection,
): { readonly connections: readonly StoredConnection[]; readonly next?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    connections: shown.map(connectionOf),
    ...(rows.length > limit && last && { next: `${last.connected_at}.${last.id}` }),
  };
}

/** @param takenOverAt of one without an ending: when another connection took its slot. */
export function pastOf(
  tenant: string,
  row: PastRow,
  adapters: AdapterBook,
  takenOverAt: number | undefined,
  nowMs: number,
): StoredConnection {
  const connection = JSON.parse(row.facts) as OpenConnection;
  if (row.ending !== null) return { connection, ending: JSON.parse(row.ending) as Ending, silent: false };
  const silent = isSilent(adapters.get(tenant, row.adapter_id), row, nowMs);
  return { connection, silent, ...(takenOverAt !== undefined && { takenOverAt }) };
}

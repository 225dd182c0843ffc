import type { ChangesRead } from '../presence-store.ts';
import { storedIn } from './device-state.ts';

export interface ChangeRow {
  readonly number: number;
  readonly state: string;
}

/** A place in the log of changes, as readers have it. Ids of another database are not valid here. */
export function placeId(database: string, number: number): string {
  return `${database}-${number}`;
}

/** The number of a place; `undefined`: it is not a place in this database. */
export function placeNumber(database: string, id: string): number | undefined {
  const [, name, digits] = /^([0-9a-f]+)-(\d{1,15})$/.exec(id) ?? [];
  return name === database ? Number(digits) : undefined;
}

/** @param rows at most `limit`; fewer are all up to `last`. */
export function changesRead(
  database: string,
  rows: readonly ChangeRow[],
  limit: number,
  last: number,
): ChangesRead {
  const end = rows.length === limit ? (rows.at(-1)?.number ?? last) : last;
  return {
    changes: rows.map(({ number, state }) => ({
      id: placeId(database, number),
      device: storedIn(state),
    })),
    position: placeId(database, end),
  };
}

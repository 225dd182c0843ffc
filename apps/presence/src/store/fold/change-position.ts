import type { ChangesRead } from '../presence-store.ts';
import { storedIn } from './device-state.ts';

export interface ChangeRow {
  readonly number: number;
  readonly state: string;
}

/** A position in the log of changes, as readers get it. It is valid in one database only. */
export function positionText(database: string, number: number): string {
  return `${database}-${number}`;
}

/** The number of a position; `undefined`: it is not a position in this database. */
export function positionNumber(database: string, id: string): number | undefined {
  const [, name, digits] = /^([0-9a-f]+)-(\d{1,15})$/.exec(id) ?? [];
  return name === database ? Number(digits) : undefined;
}

/** @param rows at most `limit`. If there are fewer, they are all changes up to `last`. */
export function changesRead(
  database: string,
  rows: readonly ChangeRow[],
  limit: number,
  last: number,
): ChangesRead {
  const end = rows.length === limit ? (rows.at(-1)?.number ?? last) : last;
  return {
    changes: rows.map(({ number, state }) => ({
      id: positionText(database, number),
      device: storedIn(state),
    })),
    position: positionText(database, end),
  };
}

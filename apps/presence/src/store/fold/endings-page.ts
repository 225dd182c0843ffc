import type { Ending } from '@rollcall/client';
import { deviceRef } from '@rollcall/core';
import type { EndingPlace, EndingsPage, StoredEnding } from '../presence-store.ts';

/** A connection that ended, as in a database, and the present status of its device. */
export interface EndedRow {
  readonly device: string;
  readonly id: string;
  readonly ended_at: number;
  readonly ending: string;
  readonly status: StoredEnding['status'] | null;
}

/** Behind all: the latest come first. */
const firstPlace: EndingPlace = {
  endedAtMs: Number.MAX_SAFE_INTEGER,
  device: '',
  connectionId: '',
};

export function endingPlace(after: EndingPlace | undefined): EndingPlace {
  return after ?? firstPlace;
}

/** @param next where the next page begins; absent: there is none. */
export function endingsPage(
  tenant: string,
  rows: readonly EndedRow[],
  next: EndingPlace | undefined,
): EndingsPage {
  const endings = rows.map(({ device, ending, status }) => ({
    device: deviceRef(tenant, device),
    status: status ?? 'unknown',
    ending: JSON.parse(ending) as Ending,
  }));
  return { endings, ...(next && { next }) };
}

export function placeOfEnding({ device, id, ended_at }: Omit<EndedRow, 'ending' | 'status'>): EndingPlace {
  return { endedAtMs: ended_at, device, connectionId: id };
}

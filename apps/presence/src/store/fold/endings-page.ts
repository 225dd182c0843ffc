import type { Ending } from '@rollcall/client';
import { deviceRef } from '@rollcall/core';
import type { EndingPosition, EndingsPage, StoredEnding } from '../presence-store.ts';

/** A connection that ended, as a row of a database, and the present status of its device. */
export interface EndedRow {
  readonly device: string;
  readonly id: string;
  readonly ended_at: number;
  readonly ending: string;
  readonly status: StoredEnding['status'] | null;
}

/** Before the first page, which has the latest endings. */
const beforeFirst: EndingPosition = {
  endedAtMs: Number.MAX_SAFE_INTEGER,
  device: '',
  connectionId: '',
};

export function startAfter(after: EndingPosition | undefined): EndingPosition {
  return after ?? beforeFirst;
}

/** @param next where the next page begins; `undefined`: this is the last page. */
export function endingsPage(
  tenant: string,
  rows: readonly EndedRow[],
  next: EndingPosition | undefined,
): EndingsPage {
  const endings = rows.map(({ device, ending, status }) => ({
    device: deviceRef(tenant, device),
    status: status ?? 'unknown',
    ending: JSON.parse(ending) as Ending,
  }));
  return { endings, ...(next && { next }) };
}

export function positionOfEnding({
  device,
  id,
  ended_at,
}: Omit<EndedRow, 'ending' | 'status'>): EndingPosition {
  return { endedAtMs: ended_at, device, connectionId: id };
}

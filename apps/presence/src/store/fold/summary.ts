import { deviceRef } from '@rollcall/core';
import type { PresenceSummary } from '../presence-store.ts';

/** The number of devices with the same values in these columns. */
export interface CountRow {
  readonly status: string;
  readonly protocol: string | null;
  readonly reason: string | null;
  readonly adapter_id: string | null;
  readonly count: number;
}

export interface FlapRow {
  readonly device: string;
  readonly count: number;
}

/** How many flapping devices a summary lists. */
export const maxFlapping = 100;
/** The time in which changes are counted. */
export const flappingWithinMs = 3_600_000;

export function summaryOf(
  tenant: string,
  rows: readonly CountRow[],
  flaps: readonly FlapRow[],
): PresenceSummary {
  const online = rows.filter(({ status }) => status === 'online');
  const offline = rows.filter(({ status }) => status === 'offline');
  return {
    byStatus: { online: 0, offline: 0, unknown: 0, ...summed(rows, ({ status }) => status) },
    byProtocol: summed(online, ({ protocol }) => protocol),
    byReason: summed(offline, ({ reason }) => reason),
    byAdapter: summed(online, (row) => row.adapter_id),
    flapping: flaps.map(({ device, count }) => ({ device: deviceRef(tenant, device), changes: count })),
  };
}

/** The reasons for which devices are offline. */
export function reasonsIn(rows: readonly CountRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ reason }) => reason ?? []))];
}

/** Sums the counts by name. Rows without a name are left out. */
function summed(rows: readonly CountRow[], nameOf: (row: CountRow) => string | null): Record<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const name = nameOf(row);
    if (name !== null) sums.set(name, (sums.get(name) ?? 0) + row.count);
  }
  return Object.fromEntries(sums);
}

import { latestEnding, withEnding } from '@rollcall/client/internal';
import type { DevicePresence, Ending, OpenConnection } from '@rollcall/client';
import { deviceRef, type DeviceRef, type Epoch } from '@rollcall/core';
import type { HonoConnectionEvent } from '@rollcall/hono-wire';
import type { StoredDevice } from '../presence-store.ts';

/** What decides which ending of a device is the latest. */
export interface EndRow {
  readonly id: string;
  readonly ended_at: number;
  readonly ended_by: string;
  readonly ended_epoch: string | null;
  readonly adapter_id: string;
}

/** Endings that are compared: more than one where adapters, or their clocks, disagree. */
export const maxEndings = 64;

/** The id of the connection whose ending is the latest. */
export function latestOf(rows: readonly EndRow[]): string | undefined {
  const ids = new Map(rows.map((row) => [row.ended_by, row.id]));
  const latest = latestEnding(rows.map(comparable).reduce<readonly Ending[]>(withEnding, []));
  return latest && ids.get(latest.id);
}

function comparable({ ended_at, ended_by, ended_epoch, adapter_id }: EndRow): Ending {
  return {
    id: ended_by,
    at: ended_at,
    adapter: { id: adapter_id },
    ...(ended_epoch !== null && { endedEpoch: ended_epoch as Epoch }),
  } as unknown as Ending;
}

export function connectionIn({ facts }: { readonly facts: string }): OpenConnection {
  return JSON.parse(facts) as OpenConnection;
}

/**
 * What is known of a device.
 *
 * @param connections those that are open, and were not taken over, oldest first.
 * @param isUnheard whether it is not known any more of any of them if it is open.
 */
export function presenceOf(
  device: DeviceRef,
  connections: readonly OpenConnection[],
  isUnheard: boolean,
  found: { readonly ending: Ending } | undefined,
  saidText: string | null,
): DevicePresence {
  const said = saidText === null ? undefined : (JSON.parse(saidText) as HonoConnectionEvent);
  const [first] = connections;
  if (first && !isUnheard) return { status: 'online', device, since: first.at, connections };
  // Whether the other adapter's connection began before this ending, or ended since, cannot be known.
  if (!first && found && said?.cause !== 'connected')
    return { status: 'offline', device, since: found.ending.at, ending: found.ending };
  return { status: 'unknown', device, connections, ...(said && { said }) };
}

/** The columns that lists and counts are made from. */
export function columnsOf(presence: DevicePresence) {
  if (presence.status === 'offline') {
    const { protocol, reason, adapter } = presence.ending;
    return { status: presence.status, since: presence.since, protocol, reason, adapter: adapter.id };
  }
  const [first] = presence.connections;
  return {
    status: presence.status,
    since: presence.status === 'online' ? presence.since : null,
    protocol: first?.protocol ?? null,
    reason: null,
    adapter: first?.adapter.id ?? null,
  };
}

/** A device of which nothing was ever heard. */
export function unheard(tenant: string, device: string): StoredDevice {
  return { presence: { status: 'unknown', device: deviceRef(tenant, device), connections: [] } };
}

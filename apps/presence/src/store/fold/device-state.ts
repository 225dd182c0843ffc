import { latestEnding, presenceFrom, withEnding } from '@rollcall/client/internal';
import type { DevicePresence, Ending, OpenConnection } from '@rollcall/client';
import { deviceRef, type DeviceRef, type Epoch } from '@rollcall/core';
import type { HonoConnectionEvent } from '@rollcall/hono-wire';
import type { StoredDevice } from '../presence-store.ts';

/** The columns that decide which ending of a device is the latest. */
export interface EndRow {
  readonly id: string;
  readonly ended_at: number;
  readonly ended_by: string;
  readonly ended_epoch: string | null;
  readonly adapter_id: string;
}

/** How many endings are compared. The order of their columns is not enough: the clocks of adapters may disagree. */
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

/** A row of the table of devices. */
export type DeviceRow = ReturnType<typeof deviceRow>;

/** The parts of a device's state. */
export interface DeviceParts {
  readonly device: DeviceRef;
  /**
   * Open connections that were not taken over, the oldest first. `epoch` is the greatest of the connection's events; `silent`: its state
   * is unknown.
   */
  readonly open: readonly { readonly facts: string; readonly epoch: string; readonly silent: boolean }[];
  /** The latest ending, and the id of its connection. */
  readonly latest: { readonly id: string; readonly ending: Ending } | undefined;
  /** The last event of an adapter whose events have no connection-id (Eclipse Hono's own), as JSON. */
  readonly said: string | null;
}

/** Computes a device's state, and the columns of its row. */
export function deviceRow({ device, open, latest, said }: DeviceParts) {
  const connections = open.map(({ facts, epoch }) => ({
    ...(JSON.parse(facts) as OpenConnection),
    epoch: epoch as Epoch,
  }));
  const event = said === null ? undefined : (JSON.parse(said) as HonoConnectionEvent);
  const reported = connections.find((_each, index) => open[index]?.silent === false);
  const presence = presenceFrom(device, connections, reported === undefined, latest?.ending, event);
  const stored: StoredDevice = { presence, ...(latest && { lastEnding: latest.ending }) };
  return {
    tenant: device.tenant,
    device: device.device,
    state: JSON.stringify(stored),
    ...columnsOf(presence, reported),
    ending: latest?.id ?? null,
    said,
  };
}

/** Whether columns differ that may change while the state does not. */
export function differsIn(
  row: Pick<DeviceRow, 'protocol' | 'adapter' | 'said'>,
  before: Pick<DeviceRow, 'protocol' | 'adapter' | 'said'>,
): boolean {
  return row.protocol !== before.protocol || row.adapter !== before.adapter || row.said !== before.said;
}

/**
 * The columns by which lists are filtered and devices are counted.
 *
 * @param reported the oldest open connection that an adapter still reports.
 */
export function columnsOf(presence: DevicePresence, reported?: OpenConnection) {
  if (presence.status === 'offline') {
    const { protocol, reason, adapter } = presence.ending;
    return { status: presence.status, since: presence.since, protocol, reason, adapter: adapter.id };
  }
  const first = reported ?? presence.connections[0];
  return {
    status: presence.status,
    since: presence.status === 'online' ? presence.since : null,
    protocol: first?.protocol ?? null,
    reason: null,
    adapter: first?.adapter.id ?? null,
  };
}

/** A device without any event. */
export function withoutEvents(tenant: string, device: string): StoredDevice {
  return { presence: { status: 'unknown', device: deviceRef(tenant, device), connections: [] } };
}

/** @param state the column `state` of a {@link DeviceRow}. */
export function storedIn(state: string): StoredDevice {
  return JSON.parse(state) as StoredDevice;
}

/** How many rows are read for one page. If few of them match, the page is short, and the next one continues. */
export const maxScanned = 4_000;

/**
 * A text that sorts behind each id with this prefix. U+10FFFF is the greatest character. It has four bytes, and an id has 1,024 bytes at
 * most: 257 of them are longer than any id.
 */
export function behindAllWith(prefix: string): string {
  return prefix + '\u{10FFFF}'.repeat(257);
}

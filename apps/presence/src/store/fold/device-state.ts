import { latestEnding, presenceFrom, withEnding } from '@rollcall/client/internal';
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

/** A device as it is kept: `said` is the last event of an adapter whose events have no connection-id, as JSON. */
export type DeviceRow = ReturnType<typeof deviceRow>;

/** The parts of a device's state. */
export interface DeviceParts {
  readonly device: DeviceRef;
  /** Those that are open, and were not taken over, oldest first. Their epoch is the greatest of all their events. */
  readonly open: readonly { readonly facts: string; readonly epoch: string }[];
  /** Whether the state of all of them is not known any more. */
  readonly isUnheard: boolean;
  /** The latest ending, and the id of its connection. */
  readonly latest: { readonly id: string; readonly ending: Ending } | undefined;
  readonly said: string | null;
}

/** The columns of a device's state. */
export function deviceRow({ device, open, isUnheard, latest, said }: DeviceParts) {
  const connections = open.map(({ facts, epoch }) => ({
    ...(JSON.parse(facts) as OpenConnection),
    epoch: epoch as Epoch,
  }));
  const event = said === null ? undefined : (JSON.parse(said) as HonoConnectionEvent);
  const presence = presenceFrom(device, connections, isUnheard, latest?.ending, event);
  const stored: StoredDevice = { presence, ...(latest && { lastEnding: latest.ending }) };
  return {
    tenant: device.tenant,
    device: device.device,
    state: JSON.stringify(stored),
    ...columnsOf(presence),
    ending: latest?.id ?? null,
    said,
  };
}

/** The columns that lists and counts are made from. */
function columnsOf(presence: DevicePresence) {
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

/** A device without any event. */
export function unheard(tenant: string, device: string): StoredDevice {
  return { presence: { status: 'unknown', device: deviceRef(tenant, device), connections: [] } };
}

/** As {@link deviceRow} has it. */
export function storedIn(state: string): StoredDevice {
  return JSON.parse(state) as StoredDevice;
}

/** How many devices are checked for one page: if few match, a page has fewer, and the next one continues. */
export const maxLooked = 4_000;

/** Greater than each id that begins so: an id has 1,024 bytes at most, and no character is behind this one, which has four. */
export function behindAllWith(prefix: string): string {
  return prefix + '\u{10FFFF}'.repeat(257);
}

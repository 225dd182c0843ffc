import type { HonoConnectionEvent, ReceivedConnected, ReceivedEvent } from '@rollcall/hono-wire';
import { deviceKey, type DeviceRef } from '@rollcall/core';
import { announcedAfter, type Heard } from '../fold/adapter-book.ts';
import { columnsOfConnected, columnsOfDisconnected } from '../fold/connection-row.ts';
import { adaptersOf, saveAdapters } from './adapters.ts';
import { columns } from './columns.ts';
import type { Client } from '@rollcall/postgres';

type Begin = ReturnType<typeof columnsOfConnected> & {
  heard: number;
  announcedAfter: string | null;
  announced: boolean;
  mustBeKept: boolean;
};
type End = ReturnType<typeof columnsOfDisconnected>;

/** The devices of a batch, each with the last event of an adapter whose events have no connection-id. */
type Touched = ReadonlyMap<string, { readonly device: DeviceRef; readonly said?: HonoConnectionEvent }>;

/** The columns that `connected` and `disconnected` have in common. */
const ofConnection = {
  tenant: 'text',
  device: 'text',
  id: 'text',
  facts: 'text',
  adapter: 'text',
  instance: 'text',
  holder: 'text',
  epoch: 'text',
  at: 'bigint',
} as const;

/** Writes the events of a batch with a few statements, whether their connections are known or not. @returns the devices of the batch. */
export async function foldBatch(
  client: Client,
  events: readonly (ReceivedEvent | HonoConnectionEvent)[],
  nowMs: number,
  announceIntervalMs: number,
): Promise<Touched> {
  const adapters = await adaptersOf(client, events, announceIntervalMs);
  const begins = new Map<string, Begin>();
  const ends = new Map<string, End>();
  const devices = new Map<string, { device: DeviceRef; said?: HonoConnectionEvent }>();
  const recheck = new Set<Heard>();
  for (const event of events) {
    const touched = devices.get(deviceKey(event.device)) ?? { device: event.device };
    devices.set(deviceKey(event.device), touched);
    if (event.type === 'hono') {
      touched.said = event;
      continue;
    }
    const mustRecheck = adapters.hear(event, nowMs);
    const heard = adapters.get(event.device.tenant, event.adapter.id);
    if (mustRecheck && heard) recheck.add(heard);
    const key = `${deviceKey(event.device)}\n${event.connectionId}`;
    if (event.type === 'disconnected') addEnd(ends, key, columnsOfDisconnected(event));
    else addBegin(begins, key, event, heard);
  }
  await writeBegins(client, [...begins.values()]);
  await writeEnds(client, [...ends.values()]);
  await saveAdapters(client, adapters, recheck);
  return devices;
}

/**
 * An announcement has the present adapter and facts of a connection; an event that is sent again has nothing new, and may be of an earlier
 * adapter.
 */
function addBegin(
  begins: Map<string, Begin>,
  key: string,
  event: ReceivedConnected,
  heard: Heard | undefined,
): void {
  const before = begins.get(key);
  // A connection with such an epoch is over, unless it is still stored, or an event before this one stores it.
  const mustBeKept = event.epoch <= (heard?.closedThrough ?? '') && before?.mustBeKept !== false;
  if (before && !event.announcement) {
    begins.set(key, { ...before, mustBeKept });
    return;
  }
  const facts = columnsOfConnected(event);
  begins.set(key, {
    ...facts,
    // An adapter raises the epoch above that of a connection that was taken over.
    epoch: before && before.epoch > facts.epoch ? before.epoch : facts.epoch,
    heard: Math.round(heard?.listenedMs ?? 0),
    announcedAfter: announcedAfter(heard, event) ?? null,
    announced: event.announcement,
    mustBeKept,
  });
}

/** Of several endings of one connection, the first counts. */
function addEnd(ends: Map<string, End>, key: string, end: End): void {
  const before = ends.get(key);
  const isFirst =
    before === undefined ||
    end.endedAt < before.endedAt ||
    (end.endedAt === before.endedAt && end.endedBy < before.endedBy);
  if (isFirst) ends.set(key, end);
}

const overwrite = `DO UPDATE SET
  facts = excluded.facts, adapter_id = excluded.adapter_id, instance = excluded.instance,
  epoch = greatest(excluded.epoch, connections.epoch), heard = excluded.heard,
  announced_after = excluded.announced_after, is_silent = false
  WHERE connections.ended_at IS NULL`;

/** Announcements overwrite a stored row, and events that are sent again do not: each kind has its statement. */
async function writeBegins(client: Client, begins: readonly Begin[]): Promise<void> {
  for (const announced of [false, true]) {
    const some = begins.filter((begin) => begin.announced === announced);
    if (some.length === 0) continue;
    const { values, unnest } = columns(some, {
      ...ofConnection,
      heard: 'bigint',
      announcedAfter: 'text',
      mustBeKept: 'boolean',
    });
    await client.query(
      `INSERT INTO connections (tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard,
         announced_after)
       SELECT tenant, device, id, facts, adapter, instance, holder, epoch, at, heard, "announcedAfter" FROM ${unnest} AS b
       WHERE NOT "mustBeKept" OR EXISTS (SELECT 1 FROM connections c
         WHERE c.tenant = b.tenant AND c.device = b.device AND c.id = b.id)
       ON CONFLICT (tenant, device, id) ${announced ? overwrite : 'DO NOTHING'}`,
      values,
    );
  }
}

async function writeEnds(client: Client, ends: readonly End[]): Promise<void> {
  if (ends.length === 0) return;
  const { values, unnest } = columns(ends, {
    ...ofConnection,
    ending: 'text',
    endedAt: 'bigint',
    endedBy: 'text',
    endedEpoch: 'text',
  });
  await client.query(
    `INSERT INTO connections (tenant, device, id, facts, adapter_id, instance, holder, epoch, connected_at, heard,
       ending, ended_at, ended_by, ended_epoch)
     SELECT tenant, device, id, facts, adapter, instance, holder, epoch, at, 0, ending, "endedAt", "endedBy", "endedEpoch"
     FROM ${unnest} AS e
     ON CONFLICT (tenant, device, id) DO UPDATE SET
       ending = excluded.ending, ended_at = excluded.ended_at, ended_by = excluded.ended_by,
       ended_epoch = excluded.ended_epoch, adapter_id = excluded.adapter_id,
       epoch = greatest(excluded.epoch, connections.epoch)
     WHERE connections.ended_at IS NULL
       OR (excluded.ended_at, excluded.ended_by) < (connections.ended_at, connections.ended_by)`,
    values,
  );
}

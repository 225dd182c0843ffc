import type { ConnectionId, DeviceRef } from '@rollcall/core';
import type { HonoConnectionEvent, ReceivedConnected, ReceivedEvent } from '@rollcall/hono-wire';
import {
  endingOf,
  openConnection,
  presenceFrom,
  type DevicePresence,
  type Ending,
  type OpenConnection,
} from './device-presence.ts';
import type { HeardNow } from './adapters-heard.ts';
import { latestEnding, withEnding, type LatestEndings } from './latest-endings.ts';

/** How much newer the epoch of another connection with the same slot must be: clocks of adapters differ. */
export const takeoverMarginMs = 60_000;

interface HeardConnection {
  readonly connection: OpenConnection;
  /** What was known of its present adapter when its last announcement came, or else its first `connected`. */
  readonly heard: HeardNow;
}

/** The connections of one device, as far as the table remembers them. */
export interface DeviceConnections {
  readonly device: DeviceRef;
  readonly open: Map<ConnectionId, HeardConnection>;
  /** If a connection has several endings, the first one. */
  readonly closed: Map<ConnectionId, Ending>;
  /** The newest epoch, in milliseconds, that held a slot: of connections open and closed, by {@link slotKey}. */
  readonly newest: Map<string, number>;
  /** The latest endings of all, also of connections that are forgotten. */
  latest: LatestEndings;
  /** The latest endings of connections that are forgotten. */
  forgotten: LatestEndings;
  /** The last event from an adapter whose events have no connection-id. */
  said: HonoConnectionEvent | undefined;
}

export function noConnections(device: DeviceRef): DeviceConnections {
  return {
    device,
    open: new Map(),
    closed: new Map(),
    newest: new Map(),
    latest: [],
    forgotten: [],
    said: undefined,
  };
}

/**
 * Adds the facts of an event. The result does not depend on the order of events, or on how often each one comes.
 *
 * @param isOver whether the connection is known to be closed, or so old that it must be closed unless it is known to be open.
 * @param heard of the adapter of the event, see {@link HeardConnection}.
 * @returns whether the connection is closed, and was not known to be.
 */
export function addEvent(
  connections: DeviceConnections,
  event: ReceivedEvent,
  isOver: boolean,
  heard: HeardNow,
): boolean {
  const { open, closed } = connections;
  const { connectionId } = event;
  const ending = closed.get(connectionId);
  if (event.type === 'connected') {
    hearConnected(connections, event, isOver, heard);
    return false;
  }
  open.delete(connectionId);
  holdSlot(connections, event);
  if (ending && !isBefore(event, ending)) return false;
  const first = endingOf(event);
  closed.set(connectionId, first);
  // An earlier ending replaces one that was among the latest, so the ending of another connection may now be the latest.
  connections.latest =
    ending && connections.latest.includes(ending)
      ? [...closed.values()].reduce<LatestEndings>(withEnding, connections.forgotten)
      : withEnding(connections.latest, first);
  return ending === undefined;
}

function hearConnected(
  connections: DeviceConnections,
  event: ReceivedConnected,
  isOver: boolean,
  heard: HeardNow,
): void {
  const { open } = connections;
  const known = open.get(event.connectionId);
  // An announcement has the present adapter and facts of the connection; a repetition has nothing new, and may be of an earlier adapter.
  if (known ? !event.announcement : isOver) return;
  const connection = withGreaterEpoch(openConnection(event), known?.connection);
  open.set(event.connectionId, { connection, heard });
  holdSlot(connections, connection);
}

/** An adapter raises the epoch above that of a connection that was taken over. An announcement from before that may come later. */
function withGreaterEpoch(connection: OpenConnection, known: OpenConnection | undefined): OpenConnection {
  return known && known.epoch > connection.epoch ? { ...connection, epoch: known.epoch } : connection;
}

/** Forgets a closed connection, but keeps when the device left last. */
export function forgetClosed(connections: DeviceConnections, connectionId: ConnectionId): void {
  const { open, closed, newest } = connections;
  const ending = closed.get(connectionId);
  if (!ending) return;
  closed.delete(connectionId);
  connections.forgotten = withEnding(connections.forgotten, ending);
  const slot = slotKey(ending);
  if (slot === undefined || newest.get(slot) !== epochMs(ending)) return;
  // The connections that it took over have ended. Once it is forgotten, nothing would show that, so they are removed now.
  for (const [id, { connection }] of open) if (isTakenOver(connections, connection)) open.delete(id);
  newest.delete(slot);
  for (const { connection } of open.values()) holdSlot(connections, connection);
}

/** @param isSilent whether the state of a connection is unknown now, from what was known of its adapter when its last event came. */
export function presenceOf(
  connections: DeviceConnections,
  isSilent: (connection: OpenConnection, heard: HeardNow) => boolean,
): DevicePresence {
  const { device, said } = connections;
  const held = openConnections(connections);
  const open = held.map(({ connection }) => connection);
  const isUnheard = held.every(({ connection, heard }) => isSilent(connection, heard));
  return presenceFrom(device, open, isUnheard, latestEnding(connections.latest), said);
}

/** The open connections that were not taken over, oldest first. A takeover without its `disconnected` is inferred from the slot. */
function openConnections(connections: DeviceConnections): readonly HeardConnection[] {
  return [...connections.open.values()]
    .filter(({ connection }) => !isTakenOver(connections, connection))
    .toSorted(
      ({ connection: one }, { connection: other }) =>
        one.at - other.at || (one.connectionId < other.connectionId ? -1 : 1),
    );
}

type Holder = Pick<OpenConnection, 'slot' | 'adapter' | 'epoch'>;

/** At most one connection of a device can hold a slot at a time. */
export function slotKey({ slot, adapter }: Pick<OpenConnection, 'slot' | 'adapter'>): string | undefined {
  return slot === undefined ? undefined : `${adapter.type}\n${slot}`;
}

function holdSlot({ newest }: DeviceConnections, holder: Holder): void {
  const slot = slotKey(holder);
  if (slot !== undefined) newest.set(slot, Math.max(newest.get(slot) ?? 0, epochMs(holder)));
}

function isTakenOver({ newest }: DeviceConnections, holder: Holder): boolean {
  const slot = slotKey(holder);
  return slot !== undefined && (newest.get(slot) ?? 0) - epochMs(holder) > takeoverMarginMs;
}

function epochMs({ epoch }: Holder): number {
  return Number.parseInt(epoch.slice(0, 12), 16);
}

function isBefore(one: Pick<Ending, 'at' | 'id'>, other: Ending): boolean {
  return one.at < other.at || (one.at === other.at && one.id < other.id);
}

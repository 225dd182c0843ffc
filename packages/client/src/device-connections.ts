import type { ConnectionId, DeviceRef } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/core/wire';
import {
  endingOf,
  openConnection,
  type DevicePresence,
  type Ending,
  type OpenConnection,
} from './device-presence.ts';

/** How much newer the epoch of another connection with the same slot must be: clocks of adapters differ. */
const takeoverMarginMs = 60_000;

/** The connections of one device, as far as they are remembered. */
export interface DeviceConnections {
  readonly device: DeviceRef;
  readonly open: Map<ConnectionId, OpenConnection>;
  /** Of several endings of one connection, the first. */
  readonly closed: Map<ConnectionId, Ending>;
  /** The newest epoch, in milliseconds, that held a slot: of connections open and closed, by {@link slotKey}. */
  readonly newest: Map<string, number>;
  /** The latest ending of all, also of connections that are forgotten. */
  latest: Ending | undefined;
  /** The latest ending of connections that are forgotten. */
  forgotten: Ending | undefined;
}

export function noConnections(device: DeviceRef): DeviceConnections {
  return {
    device,
    open: new Map(),
    closed: new Map(),
    newest: new Map(),
    latest: undefined,
    forgotten: undefined,
  };
}

/**
 * Adds what an event says. The result does not depend on the order of events, nor on how often each one comes.
 *
 * @param isOver whether the connection is known to be closed, or so old that it must be unless it is known to be open.
 * @returns whether the connection is closed, and was not known to be.
 */
export function addEvent(connections: DeviceConnections, event: ReceivedEvent, isOver: boolean): boolean {
  const { open, closed } = connections;
  const { connectionId } = event;
  const ending = closed.get(connectionId);
  if (event.type === 'connected') {
    if (isOver || open.has(connectionId)) return false;
    open.set(connectionId, openConnection(event));
    holdSlot(connections, event);
    return false;
  }
  open.delete(connectionId);
  holdSlot(connections, event);
  if (ending && !isBefore(event, ending)) return false;
  const first = endingOf(event);
  closed.set(connectionId, first);
  connections.latest = later(connections.latest, first);
  // An earlier ending in place of the one that was the latest: now another connection's may be.
  if (ending && connections.latest === ending)
    connections.latest = [...closed.values()].reduce<Ending | undefined>(later, connections.forgotten);
  return ending === undefined;
}

/** Forgets a closed connection, but not when the device was last known to leave. */
export function forgetClosed(connections: DeviceConnections, connectionId: ConnectionId): void {
  const { open, closed, newest } = connections;
  const ending = closed.get(connectionId);
  if (!ending) return;
  closed.delete(connectionId);
  connections.forgotten = later(connections.forgotten, ending);
  const slot = slotKey(ending);
  if (slot === undefined || newest.get(slot) !== epochMs(ending)) return;
  // Whom it took over is closed for good: nothing is left to infer it from.
  for (const [id, each] of open) if (isTakenOver(connections, each)) open.delete(id);
  newest.delete(slot);
  for (const each of open.values()) holdSlot(connections, each);
}

/** @param isSilent whether an adapter was not heard for so long that what it said last says nothing any more. */
export function presenceOf(
  connections: DeviceConnections,
  isSilent: (adapterId: string) => boolean,
): DevicePresence {
  const { device, latest } = connections;
  const open = openConnections(connections);
  const [first] = open;
  if (!first)
    return latest
      ? { status: 'offline', device, since: latest.at, ending: latest }
      : { status: 'unknown', device, connections: open };
  if (open.every(({ adapter }) => isSilent(adapter.id)))
    return { status: 'unknown', device, connections: open };
  return { status: 'online', device, since: first.at, connections: open };
}

/** Those that nobody took over, oldest first. A takeover whose `disconnected` did not arrive is inferred from its slot. */
function openConnections(connections: DeviceConnections): readonly OpenConnection[] {
  return [...connections.open.values()]
    .filter((each) => !isTakenOver(connections, each))
    .toSorted((one, other) => one.at - other.at || (one.connectionId < other.connectionId ? -1 : 1));
}

type Holder = Pick<OpenConnection, 'slot' | 'adapter' | 'epoch'>;

/** What no two connections of a device can hold at a time. */
function slotKey({ slot, adapter }: Holder): string | undefined {
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

function later(one: Ending | undefined, other: Ending): Ending {
  return one && !isBefore(one, other) ? one : other;
}

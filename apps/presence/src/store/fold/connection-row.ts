import { createHash } from 'node:crypto';
import { endingOf, openConnection, slotKey, takeoverMarginMs } from '@rollcall/client/internal';
import type { OpenConnection } from '@rollcall/client';
import type { ReceivedConnected, ReceivedEvent } from '@rollcall/hono-wire';

type ReceivedDisconnected = Extract<ReceivedEvent, { type: 'disconnected' }>;

/** A connection with this epoch took over connections whose epoch is less than the result. The margin is for clocks that differ. */
export function takenOverBefore(epoch: string): string {
  const ms = Number.parseInt(epoch.slice(0, 12), 16) - takeoverMarginMs;
  return ms < 0 ? '' : ms.toString(16).padStart(12, '0');
}

/** @param newest the greatest epoch of all connections that held the same slot; `null`: the connection has no slot. */
export function isTakenOver({
  epoch,
  newest,
}: {
  readonly epoch: string;
  readonly newest: string | null;
}): boolean {
  return newest !== null && epoch.slice(0, 12) < takenOverBefore(newest);
}

/** The columns of a connection, from its `connected`. */
export function columnsOfConnected(event: ReceivedConnected) {
  return rowOf(openConnection(event));
}

/** The columns of a connection and its end, from its `disconnected`. That event has all facts: its `connected` may come later. */
export function columnsOfDisconnected(event: ReceivedDisconnected) {
  const ending = endingOf(event);
  return {
    ...rowOf(connectionOf(event)),
    ending: JSON.stringify(ending),
    endedAt: ending.at,
    endedBy: ending.id,
    endedEpoch: ending.endedEpoch ?? null,
  };
}

/** Connections whose epoch is greater than the result took over a connection with this epoch. */
export function takenOverAfter(epoch: string): string {
  const ms = Number.parseInt(epoch.slice(0, 12), 16) + takeoverMarginMs;
  return `${ms.toString(16).padStart(12, '0')}ffff`;
}

function rowOf(connection: OpenConnection) {
  const { device, adapter, connectionId, epoch, at } = connection;
  return {
    tenant: device.tenant,
    device: device.device,
    id: connectionId,
    facts: JSON.stringify(connection),
    adapter: adapter.id,
    instance: adapter.instance,
    holder: holderOf(connection),
    epoch,
    at,
  };
}

/** A longer text does not fit into an index of PostgreSQL. A hash is enough: slots are only compared. */
const maxHolderBytes = 256;

function holderOf(connection: OpenConnection): string | null {
  const key = slotKey(connection);
  if (key === undefined) return null;
  return isUnwieldy(key) ? createHash('sha256').update(key).digest('base64url') : key;
}

/** Too long for an index, or with characters that PostgreSQL does not store. */
function isUnwieldy(key: string): boolean {
  if (key.length > maxHolderBytes || key.includes('\0') || !key.isWellFormed()) return true;
  return key.length * 3 > maxHolderBytes && Buffer.byteLength(key) > maxHolderBytes;
}

/** The connection that a `disconnected` ended. */
function connectionOf(event: ReceivedDisconnected): OpenConnection {
  const { basis } = event;
  const { until: _until, ...open } = basis.kind === 'lease' ? basis : { ...basis, until: undefined };
  return { ...openConnection({ ...event, type: 'connected' }), at: event.connectedAt, basis: open };
}

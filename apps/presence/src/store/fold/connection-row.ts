import { createHash } from 'node:crypto';
import { endingOf, openConnection, slotKey, takeoverMarginMs } from '@rollcall/client/internal';
import type { OpenConnection } from '@rollcall/client';
import type { ReceivedConnected, ReceivedEvent } from '@rollcall/hono-wire';

type ReceivedDisconnected = Extract<ReceivedEvent, { type: 'disconnected' }>;

/** The greatest epoch that a connection may have which one with this epoch took over: clocks of adapters differ. */
export function takenOverBefore(epoch: string): string {
  const ms = Number.parseInt(epoch.slice(0, 12), 16) - takeoverMarginMs;
  return ms < 0 ? '' : ms.toString(16).padStart(12, '0');
}

/** @param newest the greatest epoch of those that held the same; `null`: there is nothing to hold. */
export function isTakenOver({
  epoch,
  newest,
}: {
  readonly epoch: string;
  readonly newest: string | null;
}): boolean {
  return newest !== null && epoch.slice(0, 12) < takenOverBefore(newest);
}

/** The columns of a `connected`. */
export function beginOf(event: ReceivedConnected) {
  return rowOf(openConnection(event));
}

/** The columns of a `disconnected`: it has all of the connection, which may not be known yet. */
export function endOf(event: ReceivedDisconnected) {
  const ending = endingOf(event);
  return {
    ...rowOf(began(event)),
    ending: JSON.stringify(ending),
    endedAt: ending.at,
    endedBy: ending.id,
    endedEpoch: ending.endedEpoch ?? null,
  };
}

/** A connection with a greater epoch than this took over the one with that epoch. */
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

/** A longer text would not fit into a tree of PostgreSQL: the slot is only compared. */
const maxHolderBytes = 256;

function holderOf(connection: OpenConnection): string | null {
  const key = slotKey(connection);
  if (key === undefined) return null;
  return isUnwieldy(key) ? createHash('sha256').update(key).digest('base64url') : key;
}

/** Neither has PostgreSQL every text that JSON may have. */
function isUnwieldy(key: string): boolean {
  if (key.length > maxHolderBytes || key.includes('\0') || !key.isWellFormed()) return true;
  return key.length * 3 > maxHolderBytes && Buffer.byteLength(key) > maxHolderBytes;
}

/** The connection of which only the end is known. */
function began(event: ReceivedDisconnected): OpenConnection {
  const { basis } = event;
  const { until: _until, ...open } = basis.kind === 'lease' ? basis : { ...basis, until: undefined };
  return { ...openConnection({ ...event, type: 'connected' }), at: event.connectedAt, basis: open };
}

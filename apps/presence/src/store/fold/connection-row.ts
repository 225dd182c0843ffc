import { endingOf, openConnection, takeoverMarginMs } from '@rollcall/client/internal';
import type { OpenConnection } from '@rollcall/client';
import type { ReceivedConnected, ReceivedEvent } from '@rollcall/hono-wire';

type ReceivedDisconnected = Extract<ReceivedEvent, { type: 'disconnected' }>;

/** At most one connection of a device can hold it at a time. */
export function holderOf({ slot, adapter }: Pick<OpenConnection, 'slot' | 'adapter'>): string | undefined {
  return slot === undefined ? undefined : `${adapter.type}\n${slot}`;
}

/** The greatest epoch that a connection may have which one with this epoch took over: clocks of adapters differ. */
export function takenOverBefore(epoch: string): string {
  const ms = Number.parseInt(epoch.slice(0, 12), 16) - takeoverMarginMs;
  return ms < 0 ? '' : ms.toString(16).padStart(12, '0');
}

/** The columns of what a `connected` says. */
export function beginOf(event: ReceivedConnected) {
  return rowOf(openConnection(event));
}

/** The columns of what a `disconnected` says: all of the connection, which may not have been heard of. */
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
    holder: holderOf(connection) ?? null,
    epoch,
    at,
  };
}

/** The connection of which only the end is known. */
function began(event: ReceivedDisconnected): OpenConnection {
  const { basis } = event;
  const { until: _until, ...open } = basis.kind === 'lease' ? basis : { ...basis, until: undefined };
  return { ...openConnection({ ...event, type: 'connected' }), at: event.connectedAt, basis: open };
}

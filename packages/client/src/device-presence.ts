import type { DeviceRef, Timestamp } from '@rollcall/core';
import type { ConnectionEvent, ConnectedEvent } from '@rollcall/core/events';
import type { HonoConnectionEvent, ReceivedDisconnected } from '@rollcall/hono-wire';

/** A connection that is open, with the fields of its `connected`. */
export type OpenConnection = Omit<ConnectedEvent, 'type' | 'id' | 'journal' | 'announceIntervalMs'>;

/** How a connection ended: the facts of its `disconnected`. */
export type Ending = Omit<ReceivedDisconnected, 'type' | 'announcement' | 'data' | 'journal'>;

/** What is known about a device. */
export type DevicePresence =
  | {
      readonly status: 'online';
      readonly device: DeviceRef;
      /** When the oldest of its open connections began. */
      readonly since: Timestamp;
      /** Oldest first. */
      readonly connections: readonly OpenConnection[];
    }
  | {
      readonly status: 'offline';
      readonly device: DeviceRef;
      /** When the adapter observed that it had left; it may have left up to `ending.uncertaintyMs` before. */
      readonly since: Timestamp;
      readonly ending: Ending;
    }
  | {
      /**
       * No event of the device came yet; or the state of its connections is not known any more; or its last event is from an
       * adapter whose events have no connection-id.
       */
      readonly status: 'unknown';
      readonly device: DeviceRef;
      /** The connections that were open at their last event. */
      readonly connections: readonly OpenConnection[];
      /** The last event from an adapter whose events have no connection-id. */
      readonly said?: HonoConnectionEvent;
    };

/** A change of the status of a device. */
export interface PresenceChange {
  readonly before: DevicePresence['status'];
  readonly presence: DevicePresence;
}

/**
 * What is known about a device.
 *
 * @param connections the open connections that were not taken over, oldest first.
 * @param isUnheard whether the state of all of them is not known any more.
 * @param latest its latest ending.
 */
export function presenceFrom(
  device: DeviceRef,
  connections: readonly OpenConnection[],
  isUnheard: boolean,
  latest: Ending | undefined,
  said: HonoConnectionEvent | undefined,
): DevicePresence {
  const [first] = connections;
  if (first && !isUnheard) return { status: 'online', device, since: first.at, connections };
  // It is not known whether the other adapter's connection began before this ending, or ended since.
  if (!first && latest && said?.cause !== 'connected')
    return { status: 'offline', device, since: latest.at, ending: latest };
  return { status: 'unknown', device, connections, ...(said && { said }) };
}

/** The fields that a table remembers. */
export function openConnection(event: Extract<ConnectionEvent, { type: 'connected' }>): OpenConnection {
  const { connectionId, epoch, device, adapter, remoteId, slot, at, basis, protocol, remoteAddress } = event;
  return {
    connectionId,
    epoch,
    device,
    adapter,
    remoteId,
    at,
    basis,
    protocol,
    ...(slot !== undefined && { slot }),
    ...(remoteAddress !== undefined && { remoteAddress }),
  };
}

/** The fields that a table remembers. */
export function endingOf({
  type: _type,
  announcement: _again,
  data: _data,
  journal: _journal,
  ...ending
}: ReceivedDisconnected): Ending {
  return ending;
}

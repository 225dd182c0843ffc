import { anEvent } from '@rollcall/conformance';
import type { ConnectionId, EventId, Timestamp } from '@rollcall/core';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { ReceivedConnected, ReceivedDisconnected } from '@rollcall/hono-wire';

let ids = 0;

/** A `connected` as a consumer reads it. */
export function connected(facts: Partial<ConnectedEvent> = {}): ReceivedConnected {
  return { ...anEvent(`event-${(ids += 1)}`, facts), announcement: false, data: {} };
}

/** The end of a connection, 100 s after it began, seen 45 s too late. */
export function disconnected(
  of: Omit<ReceivedConnected, 'type' | 'journal' | 'announceIntervalMs'>,
  facts: Partial<ReceivedDisconnected> = {},
): ReceivedDisconnected {
  return {
    ...of,
    type: 'disconnected',
    id: `event-${(ids += 1)}` as EventId,
    connectedAt: of.at,
    at: (of.at + 100_000) as Timestamp,
    lastSeen: (of.at + 55_000) as Timestamp,
    uncertaintyMs: 45_000,
    reason: 'keepalive-timeout',
    initiator: 'network',
    clean: false,
    ...facts,
  };
}

export function connectionId(number: number): ConnectionId {
  return `01a2076b-4400-7a1b-9c2d-${String(number).padStart(12, '0')}` as ConnectionId;
}

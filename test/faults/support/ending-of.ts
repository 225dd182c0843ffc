import type { ConnectedEvent, DisconnectedEvent, EventId, Timestamp } from '@rollcall/core';

/** The end of a connection half a minute after it began; it was heard last ten seconds before. */
export function endingOf(connected: ConnectedEvent, id: string): DisconnectedEvent {
  const { slot: _slot, ...facts } = connected;
  return {
    ...facts,
    type: 'disconnected',
    id: id as EventId,
    connectedAt: connected.at,
    at: (connected.at + 30_000) as Timestamp,
    lastSeen: (connected.at + 20_000) as Timestamp,
    uncertaintyMs: 10_000,
    reason: 'connection-lost',
    initiator: 'network',
    clean: false,
  };
}

import { anEnding } from '@rollcall/conformance';
import type { EventId, Timestamp } from '@rollcall/core';
import type { ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';

/** The end of a connection that was lost half a minute after it began; the device was heard last ten seconds before. */
export function endingOf({ slot: _slot, ...connected }: ConnectedEvent, id: string): DisconnectedEvent {
  return anEnding(connected, {
    id: id as EventId,
    at: (connected.at + 30_000) as Timestamp,
    lastSeen: (connected.at + 20_000) as Timestamp,
    uncertaintyMs: 10_000,
    reason: 'connection-lost',
    initiator: 'network',
    clean: false,
  });
}

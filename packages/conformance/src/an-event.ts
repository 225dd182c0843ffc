import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type { ConnectedEvent, ConnectionEvent, DisconnectedEvent } from '@rollcall/core/events';
import type { OutboundEvent } from '@rollcall/core/sink';
import { encodeEvent } from '@rollcall/hono-wire';

/** A `connected` event of tenant `acme`, for tests. `facts` replace some of its facts. */
export function anEvent(id: string, facts: Partial<ConnectedEvent> = {}): ConnectedEvent {
  return {
    type: 'connected',
    id: id as EventId,
    connectionId: '01a2076b-4400-7a1b-9c2d-3e4f5a6b7c8d' as ConnectionId,
    epoch: '01a2076b44000001' as Epoch,
    device: deviceRef('acme', 'thermostat-7'),
    adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: '01a20769-0000-7000-8000-000000000000' },
    remoteId: 'thermostat-7',
    at: Date.parse('2026-11-23T08:00:00.000Z') as Timestamp,
    basis: { kind: 'session', detectWithinMs: 90_000 },
    protocol: 'MQTT 5.0',
    ...facts,
  };
}

/** The end of a connection, by a goodbye in the moment in which it began. `facts` replace some of its facts. */
export function anEnding(of: ConnectionEvent, facts: Partial<DisconnectedEvent> = {}): DisconnectedEvent {
  return {
    ...of,
    type: 'disconnected',
    connectedAt: of.at,
    lastSeen: of.at,
    uncertaintyMs: 0,
    reason: 'client-closed',
    initiator: 'device',
    clean: true,
    ...facts,
  };
}

/** {@link anEvent} as a sink gets it. */
export function anOutboundEvent(id: string, facts: Partial<ConnectedEvent> = {}): OutboundEvent {
  return { event: anEvent(id, facts), downstream: { defaults: {} } };
}

/** The AMQP 1.0 message of {@link anEvent}. */
export function anEventMessage(id: string, facts: Partial<ConnectedEvent> = {}): Uint8Array {
  return encodeEvent(anEvent(id, facts), { defaults: {} });
}

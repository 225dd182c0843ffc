import { anEvent } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type { ConnectedEvent, DisconnectedEvent, DisconnectReason } from '@rollcall/core/events';

let numbers = 0;

interface Told {
  readonly tenant: string;
  readonly device: string;
  /** How long ago it connected. */
  readonly agoMs: number;
  readonly protocol?: string;
}

export function connected({ tenant, device, agoMs, protocol = 'MQTT 5.0' }: Told): ConnectedEvent {
  const at = Date.now() - agoMs;
  numbers += 1;
  return anEvent(`on-${numbers}`, {
    device: deviceRef(tenant, device),
    connectionId: `connection-${numbers}` as ConnectionId,
    at: at as Timestamp,
    epoch: `${at.toString(16).padStart(12, '0')}${String(numbers % 10_000).padStart(4, '0')}` as Epoch,
    remoteId: device,
    remoteAddress: `203.0.113.${numbers % 250}:50122`,
    protocol,
  });
}

export function disconnected(
  of: ConnectedEvent,
  afterMs: number,
  reason: DisconnectReason = 'keepalive-timeout',
  uncertaintyMs = 45_000,
): DisconnectedEvent {
  const { slot: _slot, ...facts } = of;
  const at = of.at + afterMs;
  return {
    ...facts,
    type: 'disconnected',
    id: of.id.replace('on', 'off') as EventId,
    connectedAt: of.at,
    at: at as Timestamp,
    lastSeen: (at - uncertaintyMs) as Timestamp,
    uncertaintyMs,
    reason,
    initiator: reason === 'client-closed' ? 'device' : 'network',
    clean: reason === 'client-closed',
  };
}

export function devicesFrom(first: number, count: number): readonly object[] {
  return Array.from({ length: count }, (_, number) => ({
    tenant: 'many',
    device: `device-${String(first + number).padStart(5, '0')}`,
    status: number % 3 === 0 ? 'offline' : 'online',
    since: '2026-11-28T12:00:00.000Z',
    connections: [],
  }));
}

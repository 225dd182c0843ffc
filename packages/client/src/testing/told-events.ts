import { ManualClock } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type {
  HonoConnectionEvent,
  ReceivedConnected,
  ReceivedDisconnected,
  ReceivedEvent,
} from '@rollcall/hono-wire';
import { createPresenceTable, type PresenceTableOptions } from '../presence-table.ts';

export const begun = Date.parse('2026-01-01T12:00:00Z');

export const hour = 3_600_000;

export const device = deviceRef('acme', 'thermostat-7');

export interface Facts {
  /** Names the connection. */
  readonly c: string;
  /** Seconds after the beginning. */
  readonly at: number;
  readonly adapter?: string;
  readonly device?: string;
  readonly tenant?: string;
  readonly slot?: string;
  /** By how much the adapter's clock is wrong, in milliseconds. */
  readonly skewMs?: number;
  readonly instance?: string;
}

export function epochAt(atMs: number): Epoch {
  return `${atMs.toString(16).padStart(12, '0')}0000` as Epoch;
}

export function connected({
  c,
  at,
  adapter = 'mqtt-0',
  device: name = 'thermostat-7',
  tenant = 'acme',
  slot,
  skewMs = 0,
  instance = `${adapter}-1`,
}: Facts): ReceivedConnected {
  const atMs = begun + at * 1_000 + skewMs;
  return {
    type: 'connected',
    id: `${c}-connected` as EventId,
    connectionId: c as ConnectionId,
    epoch: epochAt(atMs),
    device: deviceRef(tenant, name),
    adapter: { type: 'hono-mqtt', id: adapter, instance },
    remoteId: slot ?? 'unit-1',
    at: atMs as Timestamp,
    basis: { kind: 'session', detectWithinMs: 90_000 },
    protocol: 'MQTT 5.0',
    announcement: false,
    data: {},
    ...(slot !== undefined && { slot }),
  };
}

/** The end of a connection, `after` seconds after it began. */
export function disconnected(
  event: ReceivedConnected,
  after: number,
  facts: { readonly reason?: string; readonly id?: string } = {},
): ReceivedDisconnected {
  const { reason = 'client-closed', id = `${event.connectionId}-disconnected` } = facts;
  const at = (event.at + after * 1_000) as Timestamp;
  return {
    ...event,
    type: 'disconnected',
    id: id as EventId,
    at,
    connectedAt: event.at,
    lastSeen: at,
    uncertaintyMs: 0,
    reason,
    initiator: 'device',
    clean: true,
  };
}

/** An announcement of version 1.0, which does not say when the next one comes. */
export const announced = (event: ReceivedConnected): ReceivedConnected => ({ ...event, announcement: true });

export const announcedEvery = (event: ReceivedConnected, announceIntervalMs: number): ReceivedConnected => ({
  ...announced(event),
  announceIntervalMs,
});

export function givenATable(options: PresenceTableOptions = {}) {
  const clock = new ManualClock('2026-01-01T12:00:00Z');
  const table = createPresenceTable({ clock, ...options });
  const apply = (...events: readonly (ReceivedEvent | HonoConnectionEvent)[]) =>
    events.map((event) => table.apply(event));
  return { clock, table, apply };
}

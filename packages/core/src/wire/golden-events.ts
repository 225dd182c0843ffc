import type { ConnectedEvent, ConnectionEvent, DisconnectedEvent } from '../connection-event.ts';
import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '../ids.ts';
import type { EncodeEventOptions, TenantDownstream } from './encode-event.ts';

/** Events whose encoding is pinned to the byte in `fixtures/`: what is out there must stay readable. For tests. */

interface GoldenEvent {
  readonly event: ConnectionEvent;
  readonly tenant: TenantDownstream;
  readonly options?: EncodeEventOptions;
}

const at = (time: string): Timestamp => Date.parse(time) as Timestamp;

const connected: ConnectedEvent = {
  type: 'connected',
  id: '01a2076b-4400-7c3d-8e4f-5a6b7c8d9e0f' as EventId,
  connectionId: '01a2076b-4400-7a1b-9c2d-3e4f5a6b7c8d' as ConnectionId,
  epoch: '01a2076b44000001' as Epoch,
  device: deviceRef('DEFAULT_TENANT', '4711'),
  adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: '01a20769-0000-7000-8000-000000000001' },
  remoteId: 'thermostat-7',
  slot: 'thermostat-7',
  at: at('2026-11-23T08:00:00.000Z'),
  basis: { kind: 'session', detectWithinMs: 90_000 },
  protocol: 'MQTT 5.0',
  remoteAddress: '203.0.113.7:50122',
};

const disconnected: DisconnectedEvent = {
  ...connected,
  type: 'disconnected',
  id: '01a2076f-1c2b-7c3d-8e4f-5a6b7c8d9e0f' as EventId,
  at: at('2026-11-23T08:12:43.123Z'),
  connectedAt: connected.at,
  lastSeen: at('2026-11-23T08:11:58.101Z'),
  uncertaintyMs: 45_022,
  reason: 'keepalive-timeout',
  initiator: 'network',
  clean: false,
  raw: { code: 141, text: 'Keep Alive timeout' },
};

const { slot: _slot, remoteAddress: _address, raw: _raw, ...withoutOptional } = disconnected;
const plain: TenantDownstream = { defaults: {} };

export const goldenEvents: Readonly<Record<string, GoldenEvent>> = {
  'mqtt-connected': { event: connected, tenant: plain },
  'mqtt-keepalive-timeout': { event: disconnected, tenant: plain },
  'mqtt-taken-over': {
    event: {
      ...disconnected,
      reason: 'taken-over',
      initiator: 'device',
      raw: { code: 142, text: 'Session taken over' },
    },
    tenant: plain,
  },
  'http-inactive': {
    event: {
      ...withoutOptional,
      adapter: { ...connected.adapter, type: 'hono-http', id: 'http-0' },
      remoteId: 'sensor1',
      protocol: 'HTTP/1.1',
      reason: 'inactive',
      initiator: 'adapter',
      basis: { kind: 'lease', intervalMs: 600_000, from: 'learned', until: at('2026-11-23T08:12:43.000Z') },
    },
    tenant: plain,
  },
  announcement: { event: connected, tenant: plain, options: { announcement: true } },
  'tenant-defaults': {
    event: connected,
    tenant: {
      defaults: {
        site: 'north',
        floor: 3,
        area: 12.5,
        'serial-number': 5_000_000_000,
        indoor: true,
        // None of these may change what the event says.
        ttl: 30,
        'content-type': 'text/plain',
        'reply-to': 'elsewhere',
        device_id: 'another',
        cloudEvents_type: 'another',
      },
      maxTtlSeconds: 86_400,
    },
  },
  coalesced: { event: { ...connected, coalesced: 17 }, tenant: plain },
};

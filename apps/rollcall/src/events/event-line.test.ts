import { stripVTControlCharacters } from 'node:util';
import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type { ReceivedConnected, ReceivedDisconnected } from '@rollcall/hono-wire';
import { expect, test } from 'vitest';
import { eventJson, eventLine, saidJson, saidLine } from './event-line.ts';

const connected: ReceivedConnected = {
  type: 'connected',
  id: 'e1' as EventId,
  connectionId: 'c1' as ConnectionId,
  epoch: '0' as Epoch,
  device: deviceRef('DEFAULT_TENANT', '4711'),
  adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: 'i' },
  remoteId: 'thermostat-7',
  at: Date.parse('2026-11-23T08:12:43.123Z') as Timestamp,
  basis: { kind: 'session', detectWithinMs: 90_000 },
  protocol: 'MQTT 5.0',
  announcement: false,
  data: { 'event-id': 'e1', later: true },
};
const disconnected: ReceivedDisconnected = {
  ...connected,
  type: 'disconnected',
  connectedAt: 0 as Timestamp,
  lastSeen: 0 as Timestamp,
  uncertaintyMs: 45_022,
  reason: 'keepalive-timeout',
  initiator: 'network',
  clean: false,
};

test.each([
  [
    connected,
    '08:12:43.123  DEFAULT_TENANT/4711  connected                        MQTT 5.0  session, silence noticed within 90 s',
  ],
  [
    disconnected,
    '08:12:43.123  DEFAULT_TENANT/4711  disconnected  keepalive-timeout  MQTT 5.0  last seen 45 s before',
  ],
  [
    { ...disconnected, reason: 'client-closed', lastSeen: disconnected.at, uncertaintyMs: 230, clean: true },
    '08:12:43.123  DEFAULT_TENANT/4711  disconnected  client-closed      MQTT 5.0  known within 0.2 s',
  ],
  [
    { ...disconnected, reason: 'client-closed', uncertaintyMs: 0, clean: true },
    '08:12:43.123  DEFAULT_TENANT/4711  disconnected  client-closed      MQTT 5.0  known exactly',
  ],
  [
    { ...connected, basis: { kind: 'lease', intervalMs: 600_000, from: 'learned' }, protocol: 'HTTP/1.1' },
    '08:12:43.123  DEFAULT_TENANT/4711  connected                        HTTP/1.1  lease of 600 s (learned)',
  ],
  [
    { ...connected, basis: { kind: 'session', detectWithinMs: null } },
    '08:12:43.123  DEFAULT_TENANT/4711  connected                        MQTT 5.0  session, silence may go unnoticed',
  ],
] as const)('eventLine() writes an event as one line (%#)', (event, line) => {
  expect(eventLine(event, false)).toBe(line);
});

test('a line with colours has the same text as one without', () => {
  const coloured = eventLine(disconnected, true);
  expect(coloured).not.toBe(eventLine(disconnected, false));
  expect(stripVTControlCharacters(coloured)).toBe(eventLine(disconnected, false));
});

test('eventJson() writes the body of the message, unknown fields included, with tenant and device', () => {
  expect(JSON.parse(eventJson({ ...connected, announcement: true }))).toEqual({
    tenant: 'DEFAULT_TENANT',
    device: '4711',
    cause: 'connected',
    'remote-id': 'thermostat-7',
    source: 'hono-mqtt',
    announcement: true,
    data: { 'event-id': 'e1', later: true },
  });
});

test('the line of an event of another Hono adapter says that it names no connection', () => {
  const event = {
    type: 'hono',
    cause: 'disconnected',
    device: deviceRef('DEFAULT_TENANT', '4711'),
    remoteId: 'unit',
    source: 'hono-amqp',
  } as const;
  expect(saidLine(event, false)).toBe(
    '              DEFAULT_TENANT/4711  seen over an adapter without connection ids: hono-amqp last said disconnected',
  );
  expect(JSON.parse(saidJson(event))).toEqual({
    tenant: 'DEFAULT_TENANT',
    device: '4711',
    cause: 'disconnected',
    'remote-id': 'unit',
    source: 'hono-amqp',
  });
});

test.each([connected, disconnected])('a line fits a terminal of 80 columns, in fewer words', (event) => {
  const device = deviceRef('DEFAULT_TENANT', 'a-device-with-a-name-of-forty-characters');
  for (const columns of [40, 60, 80])
    expect(
      stripVTControlCharacters(eventLine({ ...event, device }, true, columns)).length,
    ).toBeLessThanOrEqual(columns);
  const line = eventLine({ ...event, device }, false, 80);
  expect(line).toMatch(/^08:12:43 {2}DEF.*….*ers {2}/);
  expect(line).toMatch(
    event.type === 'connected' ? /MQTT 5\.0, silence <= 90 s$/ : /keepalive-timeout, seen 45 s before$/,
  );
});

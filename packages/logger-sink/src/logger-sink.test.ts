import { Writable } from 'node:stream';
import { anEvent, anOutboundEvent, describeSink } from '@rollcall/conformance';
import type { EventId, Timestamp } from '@rollcall/core';
import type { DisconnectedEvent } from '@rollcall/core/events';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createLoggerSink } from './logger-sink.ts';

function givenALog(level: 'info' | 'debug' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { lines, sink: createLoggerSink({ log: pino({ level }, stream), level }) };
}

describeSink('logging', async () => {
  const { lines, sink } = givenALog();
  return { sink, received: async () => lines.map((line) => String(line['eventId'])) };
});

test('a connected event is logged as one line with all its facts', async () => {
  const { lines, sink } = givenALog();
  await sink.deliver(anOutboundEvent('e1'), new AbortController().signal);
  expect(lines).toMatchObject([
    {
      msg: 'device connected',
      level: 30,
      tenant: 'acme',
      device: 'thermostat-7',
      at: '2026-11-23T08:00:00.000Z',
      protocol: 'MQTT 5.0',
      basis: { kind: 'session', detectWithinMs: 90_000 },
      adapter: { type: 'hono-mqtt', id: 'mqtt-0' },
      eventId: 'e1',
    },
  ]);
});

test('a disconnected event is logged with its reason and its uncertainty', async () => {
  const { lines, sink } = givenALog('debug');
  const event: DisconnectedEvent = {
    ...anEvent('e2'),
    type: 'disconnected',
    id: 'e2' as EventId,
    connectedAt: 0 as Timestamp,
    lastSeen: 1_000 as Timestamp,
    uncertaintyMs: 45_022,
    reason: 'keepalive-timeout',
    initiator: 'network',
    clean: false,
    raw: { code: 141 },
  };
  await sink.deliver({ event, downstream: { defaults: {} } }, new AbortController().signal);
  expect(lines).toMatchObject([
    {
      msg: 'device disconnected',
      level: 20,
      reason: 'keepalive-timeout',
      initiator: 'network',
      clean: false,
      lastSeen: '1970-01-01T00:00:01.000Z',
      uncertaintyMs: 45_022,
      raw: { code: 141 },
    },
  ]);
});

test('an announcement is delivered without being logged', async () => {
  const { lines, sink } = givenALog();
  const outbound = anOutboundEvent('e1');
  const { signal } = new AbortController();
  expect(await sink.deliver({ ...outbound, announcement: true }, signal)).toEqual({ status: 'delivered' });
  expect(lines).toEqual([]);
  await sink.deliver(outbound, signal);
  expect(lines).toHaveLength(1);
});

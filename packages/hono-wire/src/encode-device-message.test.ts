import rhea from 'rhea';
import { expect, test } from 'vitest';
import { deviceRef, type Timestamp } from '@rollcall/core';
import type { DeviceMessage } from '@rollcall/core/device-data';
import { encodeDeviceMessage } from './encode-device-message.ts';

const message: DeviceMessage = {
  endpoint: 'telemetry',
  device: deviceRef('DEFAULT_TENANT', '4711'),
  qos: 1,
  contentType: 'application/json',
  payload: new TextEncoder().encode('{"temp":21.5}'),
  creationTime: 1_700_000_000_000 as Timestamp,
  origAdapter: 'hono-mqtt',
  origAddress: 'telemetry/?content-type=application%2Fjson',
  traceParent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  properties: { site: 'north' },
};

const decode = (facts: Partial<DeviceMessage> = {}): Record<string, unknown> =>
  rhea.message.decode(Buffer.from(encodeDeviceMessage({ ...message, ...facts }, 'm-1')));

test('telemetry has what Hono says of it', () => {
  const decoded = decode();
  expect(decoded).toMatchObject({
    message_id: 'm-1',
    to: 'telemetry/DEFAULT_TENANT',
    content_type: 'application/json',
    message_annotations: {
      tenant_id: 'DEFAULT_TENANT',
      device_id: '4711',
      resource: 'telemetry/DEFAULT_TENANT/4711',
      'x-opt-trace-context': { traceparent: message.traceParent },
    },
    application_properties: {
      device_id: '4711',
      qos: 1,
      orig_adapter: 'hono-mqtt',
      orig_address: message.origAddress,
      site: 'north',
    },
  });
  expect(decoded['durable']).toBeUndefined();
  expect(Object.keys(decoded['application_properties'] as object)).not.toContain('tenant_id');
  expect(Object.keys(decoded['message_annotations'] as object)).not.toContain('x-opt-retain');
});

test('an event is durable, and has its time to live', () => {
  expect(decode({ endpoint: 'event', ttlMs: 30_000 })).toMatchObject({
    durable: true,
    ttl: 30_000,
    to: 'event/DEFAULT_TENANT',
  });
});

test('a time to live without durability', () => {
  expect(decode({ ttlMs: 1 })).toMatchObject({ ttl: 1 });
});

test('retained, with a time till disconnect and a trace state', () => {
  expect(decode({ retain: true, ttdSeconds: -1, traceState: 'a=b' })).toMatchObject({
    message_annotations: { 'x-opt-retain': true, 'x-opt-trace-context': { tracestate: 'a=b' } },
    application_properties: { ttd: -1 },
  });
});

test('qos and ttd are AMQP ints, not uints', () => {
  const bytes = Buffer.from(encodeDeviceMessage({ ...message, ttdSeconds: 300 }, 'm-1'));
  const valueOf = (name: string, length: number): number[] => {
    const at = bytes.indexOf(name) + name.length;
    return [...bytes.subarray(at, at + length)];
  };
  expect(valueOf('qos', 2)).toEqual([0x54, 1]);
  expect(valueOf('ttd', 5)).toEqual([0x71, 0, 0, 1, 44]);
});

test('a content type of any script becomes a symbol, which is ASCII', () => {
  const contentType = 'text/plain; title=grüße😀';
  expect(decode({ contentType })['content_type']).toBe('text/plain; title=gr??e?');
});

test('an empty payload is a body of no bytes, none is no body', () => {
  expect(decode({ payload: new Uint8Array() })['body']).toMatchObject({ content: Buffer.alloc(0) });
  const { payload: _payload, ...withoutPayload } = message;
  const decoded = rhea.message.decode(Buffer.from(encodeDeviceMessage(withoutPayload, 'm-1'))) as unknown as {
    body?: unknown;
  };
  expect(decoded.body).toBeUndefined();
});

test('a large payload', () => {
  const payload = new Uint8Array(100_000).fill(7);
  expect((decode({ payload })['body'] as { content: Buffer }).content.length).toBe(100_000);
});

import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { encodeEvent } from './encode-event.ts';
import { eventBodySchema } from './event-body-schema.ts';
import type { Timestamp } from '@rollcall/core';
import { goldenEvents } from '../fixtures/golden-events.ts';

const matchesSchema = new Ajv2020({ allowUnionTypes: true }).compile(eventBodySchema);

/** Sixteen bytes a line, as a difference is then easy to find. */
function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16)
    lines.push(Buffer.from(bytes.subarray(at, at + 16)).toString('hex'));
  return `${lines.join('\n')}\n`;
}

interface Decoded {
  readonly durable?: boolean;
  readonly ttl?: number;
  readonly message_id: unknown;
  readonly to: unknown;
  readonly content_type: unknown;
  readonly creation_time: Date | number;
  readonly message_annotations: Record<string, unknown>;
  readonly application_properties: Record<string, unknown>;
  readonly body: { readonly typecode: number; readonly content: Buffer };
}

/** Read back by a decoder that is not ours. */
function decoded(bytes: Uint8Array): Decoded {
  return rhea.message.decode(Buffer.from(bytes)) as unknown as Decoded;
}

describe.each(Object.entries(goldenEvents))('%s', (name, { event, tenant, options }) => {
  const bytes = encodeEvent(event, tenant, options);
  const message = decoded(bytes);
  const body = JSON.parse(message.body.content.toString('utf8')) as object;

  // `vitest run -u` rewrites the files; what changes there changes for every consumer.
  test('has the bytes of its fixture', async () => {
    const file = (extension: string): string =>
      fileURLToPath(new URL(`../fixtures/${name}.${extension}`, import.meta.url));
    await expect(hexDump(bytes)).toMatchFileSnapshot(file('hex'));
    await expect(`${JSON.stringify(body, undefined, 2)}\n`).toMatchFileSnapshot(file('json'));
  });

  test('has a body that its schema describes', () => {
    expect(matchesSchema(body), JSON.stringify(matchesSchema.errors)).toBe(true);
  });

  test('is a connection event of Eclipse Hono', () => {
    const { tenant: tenantId, device } = event.device;
    expect(message).toMatchObject({
      durable: true,
      message_id: event.id,
      to: `event/${tenantId}`,
      content_type: 'application/vnd.eclipse-hono-dc-notification+json',
      message_annotations: {
        tenant_id: tenantId,
        device_id: device,
        resource: `event/${tenantId}/${device}`,
      },
      application_properties: { device_id: device, qos: 1, orig_adapter: event.adapter.type },
    });
    expect(Number(message.creation_time)).toBe(event.at);
    expect(message.body.typecode, 'one Data section').toBe(0x75);
    expect(Object.keys(body)).toEqual(['cause', 'remote-id', 'source', 'data']);
  });

  test('is a CloudEvent in binary mode', () => {
    const { application_properties: properties } = message;
    expect(properties).toMatchObject({
      cloudEvents_specversion: '1.0',
      cloudEvents_id: event.id,
      cloudEvents_source: `/${event.adapter.type}/${event.adapter.id}`,
      cloudEvents_type: `rollcall.device.${event.type}`,
      cloudEvents_subject: `${event.device.tenant}/${event.device.device}`,
      cloudEvents_time: new Date(event.at).toISOString(),
    });
  });

  test('is the same when encoded again', () => {
    expect(encodeEvent(event, tenant, options)).toEqual(bytes);
  });
});

test('qos is an AMQP int, not a uint', () => {
  const bytes = Buffer.from(encodeEvent(goldenEvents['mqtt-connected'].event, { defaults: {} }));
  const qosAt = bytes.indexOf('qos');
  expect([...bytes.subarray(qosAt + 3, qosAt + 5)]).toEqual([0x54, 1]);
});

test('defaults of the tenant become properties of their own type, and change nothing that the event says', () => {
  const { event, tenant } = goldenEvents['tenant-defaults'];
  const { application_properties: properties, ttl } = decoded(encodeEvent(event, tenant));
  expect(properties).toMatchObject({
    site: 'north',
    floor: 3,
    area: 12.5,
    'serial-number': 5_000_000_000,
    indoor: true,
  });
  expect(properties).toMatchObject({ device_id: '4711', cloudEvents_type: 'rollcall.device.connected' });
  expect(Object.keys(properties).filter((name) => /ttl|content-type|reply-to/.test(name))).toEqual([]);
  expect(ttl, 'the limit of the tenant, not its default').toBe(86_400_000);
});

test('an announcement differs by its mark alone', () => {
  const { event, tenant, options } = goldenEvents['announcement'];
  const announced = decoded(encodeEvent(event, tenant, options));
  const { rollcall_announcement: mark, ...rest } = announced.application_properties;
  expect(mark).toBe(true);
  expect(rest).toEqual(decoded(encodeEvent(event, tenant)).application_properties);
});

test('names of any length and script survive', () => {
  const { event } = goldenEvents['mqtt-connected'];
  for (const length of [1, 80, 84, 85, 86, 127, 128, 254, 255, 256, 5_000])
    for (const letter of ['a', 'é', '漢', '😀']) {
      const remoteId = letter.repeat(length);
      const message = decoded(
        encodeEvent({ ...event, remoteId, adapter: { ...event.adapter, id: remoteId } }, { defaults: {} }),
      );
      expect(message.application_properties['cloudEvents_source']).toBe(`/hono-mqtt/${remoteId}`);
      expect(JSON.parse(message.body.content.toString())).toMatchObject({ 'remote-id': remoteId });
    }
});

test('an event that cannot be encoded spoils none after it', () => {
  const { event } = goldenEvents['mqtt-connected'];
  const before = encodeEvent(event, { defaults: {} });
  expect(() => encodeEvent({ ...event, at: Number.NaN as Timestamp }, { defaults: {} })).toThrow(RangeError);
  expect(encodeEvent(event, { defaults: {} })).toEqual(before);
});

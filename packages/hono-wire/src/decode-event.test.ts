import fc from 'fast-check';
import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import type { ConnectionEvent } from '@rollcall/core/events';
import { decodeEvent } from './decode-event.ts';
import { encodeEvent } from './encode-event.ts';
import { goldenEvents } from '../fixtures/golden-events.ts';
import type { ReceivedMessage } from './received-message.ts';

/** The way through a network and a library. */
function received(
  event: ConnectionEvent,
  change: (body: Record<string, unknown>) => object = (body) => body,
): ReceivedMessage {
  const message = rhea.message.decode(Buffer.from(encodeEvent(event, { defaults: {} }))) as unknown as {
    content_type: string;
    message_annotations: Record<string, unknown>;
    application_properties: Record<string, unknown>;
    body: { content: Buffer };
  };
  const body = change(JSON.parse(message.body.content.toString()) as Record<string, unknown>);
  return {
    contentType: message.content_type,
    annotations: message.message_annotations,
    applicationProperties: message.application_properties,
    body: Buffer.from(JSON.stringify(body)),
  };
}

test.each(Object.entries(goldenEvents))('%s is read as it was written', (_name, { event }) => {
  const { data, announcement, ...facts } = decodeEvent(received(event)) as unknown as Record<string, unknown>;
  expect(facts).toEqual(event);
  expect(announcement).toBe(false);
  expect(data).toMatchObject({ 'event-id': event.id });
});

const connected = goldenEvents['mqtt-connected'].event;
const disconnected = goldenEvents['mqtt-keepalive-timeout'].event;

describe('a tolerant reader', () => {
  test('keeps a reason it does not know, and fields it does not know', () => {
    const message = received(disconnected, (body) => ({
      ...body,
      later: 1,
      data: { ...(body['data'] as object), reason: 'eaten-by-bear', 'new-field': [1] },
    }));
    expect(decodeEvent(message)).toMatchObject({ reason: 'eaten-by-bear', data: { 'new-field': [1] } });
  });

  test('reads a lease from a source it does not know as a default one', () => {
    const message = received(connected, (body) => ({
      ...body,
      data: { ...(body['data'] as object), basis: { kind: 'lease', 'interval-ms': 5, from: 'guessed' } },
    }));
    expect(decodeEvent(message)).toMatchObject({ basis: { kind: 'lease', intervalMs: 5, from: 'default' } });
  });

  test('concludes nothing from what a later version may say of journals and intervals', () => {
    const message = received(goldenEvents['announcement-with-journal'].event, (body) => ({
      ...body,
      data: { ...(body['data'] as object), journal: 'borrowed', 'announce-interval-ms': 'often' },
    }));
    const event = decodeEvent(message);
    expect(event).toMatchObject({ type: 'connected' });
    expect(event).not.toHaveProperty('journal');
    expect(event).not.toHaveProperty('announceIntervalMs');
  });

  test('tells an event of another Hono adapter apart', () => {
    const { data: _data, ...plain } = {
      cause: 'connected',
      'remote-id': 'x',
      source: 'hono-amqp',
      data: null,
    };
    for (const body of [plain, { ...plain, data: null }])
      expect(decodeEvent(received(connected, () => body))).toEqual({
        type: 'hono',
        cause: 'connected',
        device: connected.device,
        remoteId: 'x',
        source: 'hono-amqp',
      });
  });
});

/** The same event with these fields in `data`. */
function withData(event: ConnectionEvent, fields: object): ReceivedMessage {
  return received(event, (body) => ({ ...body, data: { ...(body['data'] as object), ...fields } }));
}

describe('numbers with which nobody can compute', () => {
  const { at } = disconnected;
  const latestMs = Date.UTC(10_000, 0) - 1;

  test.each([
    [-1, 0],
    [1e300, at],
    [0.5, 0.5],
  ])(
    'an uncertainty of %d ms counts as %d: the device left after 1970, and not after the end',
    (given, read) => {
      expect(decodeEvent(withData(disconnected, { 'uncertainty-ms': given }))).toMatchObject({
        type: 'disconnected',
        uncertaintyMs: read,
      });
    },
  );

  test.each([
    [-1, 0],
    [1e300, latestMs],
    [null, null],
  ])('silence that is noticed within %s ms counts as %s', (given, detectWithinMs) => {
    const basis = { kind: 'session', 'detect-within-ms': given };
    expect(decodeEvent(withData(connected, { basis }))).toMatchObject({
      basis: { kind: 'session', detectWithinMs },
    });
  });

  test.each([
    [-5, 0],
    [1e300, latestMs],
  ])('a lease of %d ms counts as %d', (given, intervalMs) => {
    const basis = { kind: 'lease', 'interval-ms': given, from: 'declared', 'detect-within-ms': given };
    expect(decodeEvent(withData(connected, { basis }))).toMatchObject({ basis: { intervalMs } });
  });

  test.each([
    [1e300, 2 ** 31 - 1],
    [1_000.5, 1_001],
    [0, undefined],
    [-1, undefined],
  ])('announcements every %d ms count as every %s', (given, read) => {
    const { event } = goldenEvents['announcement-with-journal'];
    expect(decodeEvent(withData(event, { 'announce-interval-ms': given }))).toHaveProperty(
      'type',
      'connected',
    );
    const { announceIntervalMs } = decodeEvent(withData(event, { 'announce-interval-ms': given })) as {
      announceIntervalMs?: number;
    };
    expect(announceIntervalMs).toBe(read);
  });

  test.each([
    { at: '1969-12-31T23:59:59.999Z' },
    { at: '+010000-01-01T00:00:00.000Z' },
    { 'connected-at': '-271821-04-20T00:00:00.000Z' },
    { 'last-seen': '+275760-09-13T00:00:00.000Z' },
    { epoch: 'ffffffffffffffff' },
    { 'ended-epoch': 'e677d21fdc000000' },
  ])('%j is no time of an event', (fields) => {
    expect(decodeEvent(withData(disconnected, fields))).toMatchObject({ type: 'unrecognized' });
  });

  test.each([
    { at: '1970-01-01T00:00:00.000Z', 'uncertainty-ms': 0 },
    { at: '9999-12-31T23:59:59.999Z' },
    { epoch: '0000000000000000' },
    { epoch: 'e677d21fdbffffff' },
  ])('%j is one', (fields) => {
    expect(decodeEvent(withData(disconnected, fields))).toMatchObject({ type: 'disconnected' });
  });
});

describe('what is no event', () => {
  const message = received(connected);
  test.each<[string, ReceivedMessage, string]>([
    ['another content type', { ...message, contentType: 'text/plain' }, 'not a connection event'],
    [
      'no body',
      { contentType: message.contentType ?? '', annotations: {}, applicationProperties: {} },
      'body is missing',
    ],
    ['an endless body', { ...message, body: Buffer.alloc(70_000, ' ') }, 'too large'],
    ['no JSON', { ...message, body: Buffer.from('{') }, 'body is not JSON'],
    ['no UTF-8', { ...message, body: Buffer.from([0xff, 0xfe]) }, 'body is not JSON'],
    ['no tenant', { ...message, annotations: {} }, 'tenant_id is missing'],
    [
      'an unknown cause',
      received(connected, (body) => ({ ...body, cause: 'sleeping' })),
      'cause is "sleeping"',
    ],
    [
      'an endless cause',
      received(connected, (body) => ({ ...body, cause: 'x'.repeat(9_999) })),
      `cause is "${'x'.repeat(40)}"`,
    ],
    [
      'what a device uploaded under our content type',
      { ...message, applicationProperties: { ...message.applicationProperties, orig_address: 'event' } },
      'uploaded by a device',
    ],
    [
      'an epoch that cannot be compared',
      received(connected, (body) => ({ ...body, data: { ...(body['data'] as object), epoch: 'zz' } })),
      'epoch is not',
    ],
    [
      'no time',
      received(connected, (body) => ({ ...body, data: { ...(body['data'] as object), at: 'now' } })),
      'at is not a time',
    ],
  ])('%s is told', (_what, given, problem) => {
    expect(decodeEvent(given)).toMatchObject({
      type: 'unrecognized',
      problem: expect.stringContaining(problem),
    });
  });

  test('nothing makes it throw', () => {
    const { contentType } = message;
    fc.assert(
      fc.property(fc.json(), fc.dictionary(fc.string(), fc.anything()), (body, properties) => {
        const given = {
          contentType: contentType ?? '',
          annotations: { tenant_id: 't' },
          applicationProperties: properties,
          body: Buffer.from(body),
        };
        expect(['connected', 'disconnected', 'hono', 'unrecognized']).toContain(decodeEvent(given).type);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('nor does any field of any type in an event', () => {
    const fields = ['cause', 'data', 'remote-id', 'source'];
    const inner = Object.keys(
      (JSON.parse(Buffer.from(message.body ?? []).toString()) as { data: object }).data,
    );
    fc.assert(
      fc.property(fc.constantFrom(...fields, ...inner), fc.jsonValue(), (field, value) => {
        const given = received(disconnected, (body) =>
          fields.includes(field)
            ? { ...body, [field]: value }
            : { ...body, data: { ...(body['data'] as object), [field]: value } },
        );
        expect(() => decodeEvent(given)).not.toThrow();
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

import { expect, test } from 'vitest';
import { parseUploadAddress, readContent } from './device-request.ts';

test.each([
  ['telemetry', { endpoint: 'telemetry' }],
  ['t', { endpoint: 'telemetry' }],
  ['event', { endpoint: 'event' }],
  ['e', { endpoint: 'event' }],
  ['telemetry/acme/valve-1', { endpoint: 'telemetry', target: { tenant: 'acme', device: 'valve-1' } }],
  ['event//valve-1', { endpoint: 'event', target: { device: 'valve-1' } }],
  // As Hono reads them: slashes at the end are ignored, and so is what follows the device.
  ['telemetry/', { endpoint: 'telemetry' }],
  ['telemetry//', { endpoint: 'telemetry' }],
  ['telemetry/acme/valve-1/more', { endpoint: 'telemetry', target: { tenant: 'acme', device: 'valve-1' } }],
])('the address %s is read', (to, address) => expect(parseUploadAddress(to)).toEqual(address));

test.each([
  '',
  'other',
  '/telemetry',
  'command_response/acme/valve-1/1',
  `telemetry//${'x'.repeat(2_000)}`,
  undefined,
  7,
])('the address %s names nothing to upload to', (to) =>
  expect(parseUploadAddress(to)).toMatchObject({ status: 404 }),
);

test.each(['telemetry/acme', 'e/acme/'])('the address %s is malformed: it names no device', (to) =>
  expect(parseUploadAddress(to)).toEqual({
    status: 400,
    text: 'message address must not contain tenant ID only',
  }),
);

test.each([
  [undefined, undefined],
  [0, undefined],
  [1, 1],
  [999, 1],
  [1_999, 1],
  [2_000, 2],
])('a time to live of %s ms is %s s', (ttl, ttlSeconds) =>
  expect(readContent({ body: 'x', ...(ttl !== undefined && { ttl }) }).ttlSeconds).toBe(ttlSeconds),
);

const context = (name: string) => ({ traceparent: name, tracestate: `${name}=1` });

test.each([
  ["in Hono's annotation", { message_annotations: { 'x-opt-trace-context': context('a') } }, 'a'],
  ['among annotations', { message_annotations: context('b') }, 'b'],
  ['among properties', { application_properties: context('c') }, 'c'],
  [
    "in Hono's annotation and among properties",
    {
      message_annotations: { 'x-opt-trace-context': context('a'), ...context('b') },
      application_properties: context('c'),
    },
    'a',
  ],
  ['nowhere', { message_annotations: { 'x-opt-trace-context': 7 } }, undefined],
  ['in no text', { application_properties: { traceparent: 7, tracestate: [] } }, undefined],
])('a trace context %s is read', (_where, message, name) =>
  expect(readContent({ body: undefined, ...message })).toEqual(
    name === undefined ? {} : { traceParent: name, traceState: `${name}=1` },
  ),
);

const data = (...parts: string[]) => ({ typecode: 0x75, content: parts.map((part) => Buffer.from(part)) });

test.each([
  ['text', 'hot', 'hot'],
  ['binary', Buffer.from('hot'), 'hot'],
  ['a Data section', { typecode: 0x75, content: Buffer.from('hot') }, 'hot'],
  ['several Data sections', data('h', '', 'ot'), 'hot'],
  ['a sequence', { typecode: 0x76, content: ['hot'] }, undefined],
  ['a number', 7, undefined],
  ['a map', { hot: 1 }, undefined],
  ['a list', ['hot'], undefined],
  ['null', null, undefined],
  ['nothing', undefined, undefined],
])('a body of %s is read', (_what, body, payload) =>
  expect(readContent({ body }).payload?.toString()).toBe(payload),
);

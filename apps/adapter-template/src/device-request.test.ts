import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { parseRequest } from './device-request.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test.each([
  [
    'login sensor1@acme secret',
    { name: 'login', credentials: { username: 'sensor1@acme', password: bytes('secret') } },
  ],
  [
    'login sensor1@acme with two spaces',
    { name: 'login', credentials: { username: 'sensor1@acme', password: bytes('with two spaces') } },
  ],
  ['login sensor1@acme ', { name: 'login', credentials: { username: 'sensor1@acme', password: bytes('') } }],
  [
    'telemetry text/plain 21.5 °C',
    { name: 'telemetry', contentType: 'text/plain', payload: bytes('21.5 °C') },
  ],
  [
    'event application/json {"a": 1}',
    { name: 'event', contentType: 'application/json', payload: bytes('{"a": 1}') },
  ],
  ['event text/plain', { name: 'event', contentType: 'text/plain', payload: bytes('') }],
  ['login', { name: 'login' }],
  ['ping', { name: 'ping' }],
])('%s', (frame, request) => {
  expect(parseRequest(bytes(frame))).toEqual(request);
});

test.each([
  ['', 'unknown request'],
  [' ping', 'unknown request'],
  ['PING', 'unknown request'],
  ['constructor', 'unknown request'],
  ['ping ', 'ping takes no arguments'],
  ['login ', 'login needs a user and a password'],
  ['login sensor1@acme', 'login needs a user and a password'],
  ['login  secret', 'login needs a user and a password'],
  ['telemetry', 'telemetry needs a content type'],
  ['event  {}', 'event needs a content type'],
  ['event té/xt 1', 'event needs a content type'],
  [`event ${'x'.repeat(129)} 1`, 'event needs a content type'],
])('%j is invalid', (frame, text) => {
  expect(parseRequest(bytes(frame))).toEqual({ name: 'invalid', text });
});

test('any bytes are understood or invalid, and an answer about them holds none of them', () => {
  const random = seededRandom(7);
  const names = ['login ', 'telemetry ', 'event ', 'ping ', ''];
  const told = new Set<string>();
  for (let i = 0; i < 2_000; i++) {
    const secret = random.bytes(1 + random.pick(20));
    const request = parseRequest(Buffer.concat([bytes(names[random.pick(names.length)] ?? ''), secret]));
    if (request.name === 'invalid') told.add(request.text);
  }
  expect([...told].toSorted()).toEqual([
    'event needs a content type',
    'login needs a user and a password',
    'ping takes no arguments',
    'telemetry needs a content type',
    'unknown request',
  ]);
});

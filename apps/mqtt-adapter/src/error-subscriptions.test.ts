import { deviceRef, type Timestamp } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { ErrorSubscriptions, errorMessage, readErrorFilter } from './error-subscriptions.ts';

const self = deviceRef('acme', 'gw-1');
const at = Date.parse('2026-01-02T03:04:05.678Z') as Timestamp;
const failure = { status: 400, text: 'why' } as const;

test.each([
  ['error///#', { endpoint: 'error', tenant: '', device: '', about: 'gw-1' }],
  ['e///#', { endpoint: 'e', tenant: '', device: '', about: 'gw-1' }],
  ['e//+/#', { endpoint: 'e', tenant: '', device: '', about: 'gw-1' }],
  ['error/acme/+/#', { endpoint: 'error', tenant: 'acme', device: '', about: 'gw-1' }],
  ['error//valve-1/#', { endpoint: 'error', tenant: '', device: 'valve-1', about: 'valve-1' }],
  ['error/acme/gw-1/#', { endpoint: 'error', tenant: 'acme', device: 'gw-1', about: 'gw-1' }],
  ['error/umbrella//#', undefined],
  ['error/+//#', undefined],
  ['error//#', undefined],
  ['error////#', undefined],
  ['error///#/x', undefined],
  ['error///x', undefined],
  ['errors///#', undefined],
  ['#', undefined],
  [`e//${'x'.repeat(257)}/#`, undefined],
])('the filter %j is read as Hono reads it', (filter, expected) => {
  expect(readErrorFilter(filter, self)).toEqual(expected);
});

test.each([
  ['error/acme/valve-1/#', { endpoint: 'error', tenant: 'acme', device: 'valve-1', about: 'acme/valve-1' }],
  ['error///#', undefined],
  ['error//valve-1/#', undefined],
  ['error/acme//#', undefined],
  ['error/acme/+/#', undefined],
  ['error/+/valve-1/#', undefined],
  [`error/${'x'.repeat(257)}/valve-1/#`, undefined],
])('the filter %j of a device that need not say who it is names tenant and device', (filter, expected) => {
  expect(readErrorFilter(filter, undefined)).toEqual(expected);
});

test('the filters of such a device are each for one device of one tenant', () => {
  const errors = new ErrorSubscriptions(undefined);
  expect(errors.add('error/acme/valve-1/#', 0)).toBe(true);
  expect(errors.find('event/acme/valve-1/?a=b')).toMatchObject({ tenant: 'acme', device: 'valve-1' });
  expect(errors.find('event/umbrella/valve-1')).toBeUndefined();
  expect(errors.find('event')).toBeUndefined();
  expect(errors.remove('error/acme/valve-1/#')).toBe(true);
  expect(errors.find('event/acme/valve-1')).toBeUndefined();
});

describe('the filters of a connection', () => {
  test('are granted with QoS 0 only', () => {
    const errors = new ErrorSubscriptions(self);
    expect([0, 1, 2].map((qos) => errors.add('error///#', qos))).toEqual([true, false, false]);
  });

  test('that name the device of the message go before those of the sender', () => {
    const errors = new ErrorSubscriptions(self);
    expect(errors.find('event//valve-1')).toBeUndefined();
    errors.add('error//valve-1/#', 0);
    expect(errors.find('event')).toBeUndefined();
    errors.add('e//+/#', 0);
    expect(errors.find('event//valve-1/?a=b')).toMatchObject({ endpoint: 'error' });
    expect(errors.find('event')).toMatchObject({ endpoint: 'e' });
    expect(errors.find('event//valve-2')).toMatchObject({ endpoint: 'e' });
    errors.remove('error///#');
    expect(errors.find('event//valve-2')).toBeUndefined();
  });

  test('are a hundred at most', () => {
    const errors = new ErrorSubscriptions(self);
    const granted = Array.from({ length: 200 }, (_, index) => errors.add(`e//d${index}/#`, 0));
    expect(granted.filter(Boolean)).toHaveLength(100);
    expect(errors.add('error//d0/#', 0)).toBe(true);
  });
});

test.each([
  ['error///#', { topic: 'telemetry', qos: 1, messageId: 7 }, 'error///telemetry/7/400', '7'],
  ['e///#', { topic: 't', qos: 0 }, 'e///t/-1/400', '-1'],
  ['e///#', { topic: 't', qos: 0, correlationId: 'abc' }, 'e///t/abc/400', 'abc'],
  ['e///#', { topic: 'e', qos: 1, messageId: 7, correlationId: 'abc' }, 'e///e/abc/400', 'abc'],
  ['e///#', { topic: 'e', qos: 1, messageId: 7, correlationId: '' }, 'e///e/7/400', '7'],
  ['e//+/#', { topic: 'event//valve-1/?x=1', qos: 1, messageId: 7 }, 'e//valve-1/event/7/400', '7'],
  [
    'error/acme/+/#',
    { topic: 'event//valve-1', qos: 1, messageId: 7 },
    'error/acme/valve-1/event/7/400',
    '7',
  ],
  ['error//gw-1/#', { topic: 'event', qos: 1, messageId: 7 }, 'error//gw-1/event/7/400', '7'],
  ['error///#', { topic: 'event//gw-1', qos: 1, messageId: 7 }, 'error///event/7/400', '7'],
  ['e///#', { topic: 'command///res/1/200', qos: 1, messageId: 7 }, 'e///command-response/7/400', '7'],
  ['e///#', { topic: 'c///s/1/200', qos: 1, messageId: 7 }, 'e///c-s/7/400', '7'],
  ['e///#', { topic: '__proto__', qos: 1, messageId: 7 }, 'e///unknown/7/400', '7'],
  // What would not be a topic name, or have segments of its own.
  ['e///#', { topic: 't', qos: 0, correlationId: 'a/b+#\0' }, 'e///t/a%2Fb%2B%23\\u{0}/400', 'a/b+#\0'],
  ['e///#', { topic: 't', qos: 0, correlationId: 'x'.repeat(300) }, 'e///t/-1/400', '-1'],
  ['e///#', { topic: `t//${'x'.repeat(300)}`, qos: 0 }, 'e///t/-1/400', '-1'],
])(
  'with the filter %s, the error message of a failed %j goes to %s',
  (filter, message, topic, correlationId) => {
    const read = readErrorFilter(filter, self);
    if (!read) throw new Error('no filter');
    const told = errorMessage(read, message, failure, at);
    expect(told.topic).toBe(topic);
    expect(JSON.parse(told.payload)).toEqual({
      code: 400,
      message: 'why',
      timestamp: '2026-01-02T03:04:05.678Z',
      'correlation-id': correlationId,
    });
  },
);

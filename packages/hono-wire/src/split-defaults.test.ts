import { expect, test } from 'vitest';
import { splitDefaults } from './split-defaults.ts';

test('standard fields, times to live and application properties are told apart', () => {
  expect(
    splitDefaults({
      'content-type': 'text/plain',
      'content-encoding': 'gzip',
      ttl: 10,
      'ttl-telemetry-qos0': 20,
      'ttl-telemetry-qos1': -1,
      'ttl-command-response': 5,
      'message-id': 'x',
      to: 'elsewhere',
      qos: 2,
      site: 'north',
    }),
  ).toEqual({
    contentType: 'text/plain',
    contentEncoding: 'gzip',
    ttlSeconds: 10,
    ttlTelemetryQos0Seconds: 20,
    ttlTelemetryQos1Seconds: -1,
    properties: { site: 'north' },
  });
});

test('what has the wrong type is left out', () => {
  expect(splitDefaults({ ttl: 'soon', 'content-type': 5, 'ttl-telemetry-qos0': 1.5 })).toEqual({
    properties: {},
  });
});

test('a property may have any name', () => {
  const { properties } = splitDefaults(
    JSON.parse('{"__proto__": "x", "constructor": 1}') as Record<string, string>,
  );
  expect(Object.entries(properties)).toEqual([
    ['__proto__', 'x'],
    ['constructor', 1],
  ]);
});

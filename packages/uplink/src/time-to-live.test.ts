import { expect, test } from 'vitest';
import { timeToLiveSeconds } from './time-to-live.ts';

const event = { endpoint: 'event', qos: 1 } as const;
const qos0 = { endpoint: 'telemetry', qos: 0 } as const;
const qos1 = { endpoint: 'telemetry', qos: 1 } as const;
const defaultsOfTelemetry = { ttlTelemetryQos0Seconds: 5, ttlTelemetryQos1Seconds: 10 };
const defaults = { ...defaultsOfTelemetry, ttlSeconds: 60 };
const limits = { maxTtlSeconds: 90, maxTtlTelemetryQos0Seconds: 3, maxTtlTelemetryQos1Seconds: 8 };

test.each([
  ['an event as the device asks', { ...event, ttlSeconds: 30 }, defaults, {}, 30],
  ['an event by default', event, defaults, {}, 60],
  ['an event at most', { ...event, ttlSeconds: 300 }, defaults, limits, 90],
  ['an event of which nobody says anything', event, {}, limits, 90],
  ['an event without limit', { ...event, ttlSeconds: -1 }, {}, {}, undefined],
  ['an event without limit, at most', { ...event, ttlSeconds: -1 }, {}, limits, 90],
  ['telemetry of QoS 0 by default', qos0, defaultsOfTelemetry, {}, 5],
  ['telemetry of QoS 1 by default', qos1, defaultsOfTelemetry, {}, 10],
  ['telemetry by the default of all messages', qos0, defaults, {}, 60],
  ['telemetry of QoS 0 at most', qos0, defaults, limits, 3],
  ['telemetry of QoS 1 at most', qos1, defaults, limits, 8],
  ['telemetry, of which a device cannot say it', { ...qos1, ttlSeconds: 30 }, {}, {}, undefined],
])('%s: the time to live', (_what, asked, given, bounds, expected) => {
  expect(timeToLiveSeconds(asked, given, bounds)).toBe(expected);
});

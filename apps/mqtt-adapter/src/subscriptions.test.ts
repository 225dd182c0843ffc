import { expect, test } from 'vitest';
import { grantSubscription } from './subscriptions.ts';

const refused = 0x80;

test.each([
  ['command///req/#', 1, 1],
  ['c///q/#', 0, 0],
  ['command//+/req/#', 1, 1],
  ['c//d1/q/#', 1, 1],
  ['command/acme/d1/req/#', 1, 1],
  ['command///req/#', 2, refused],
  ['command/umbrella/d1/req/#', 1, refused],
  ['command/+/d1/req/#', 1, refused],
  ['command///res/#', 1, refused],
  ['command///req/one', 1, refused],
  ['command///req/#/more', 1, refused],
  ['error///#', 0, refused],
  ['#', 0, refused],
  ['telemetry', 0, refused],
  ['__proto__', 0, refused],
  ['', 0, refused],
])('the filter %s with QoS %i is granted as %i', (filter, qos, granted) => {
  expect(grantSubscription(filter, qos, 'acme')).toBe(granted);
});

test.each([
  ['command/acme/d1/req/#', 1],
  ['c/acme/d1/q/#', 1],
  ['command///req/#', refused],
  ['command//d1/req/#', refused],
  ['command/acme//req/#', refused],
  ['command/acme/+/req/#', refused],
  ['command/+/d1/req/#', refused],
])('the filter %s of a device that need not say who it is, is granted as %i', (filter, granted) => {
  expect(grantSubscription(filter, 1, undefined)).toBe(granted);
});

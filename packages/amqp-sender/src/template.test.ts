import { deviceRef } from '@rollcall/core';
import { expect, test } from 'vitest';
import { template, unknownPlaces } from './template.ts';

test.each([
  ['event/{tenant}', 'event/T 1/x'],
  ['/queue/event%2F{tenant:pct}', '/queue/event%2FT%201%2Fx'],
  ['{device}@{device:pct}', 'd/{tenant}@d%2F%7Btenant%7D'],
  ['{nothing} {} $&', '{nothing} {} $&'],
])('a template fills in tenant and device: %s', (text, filled) => {
  expect(template(text)(deviceRef('T 1/x', 'd/{tenant}'))).toBe(filled);
});

test('unknownPlaces finds the places that nothing fills', () => {
  expect(unknownPlaces('{tenant}/{device}/{Tenant}', ['{tenant}'])).toEqual(['{device}', '{Tenant}']);
  expect(unknownPlaces('event/{tenant}', ['{tenant}'])).toEqual([]);
});

import { expect, test } from 'vitest';
import { heardBy } from './lease-device.ts';

test.each([
  ['data', 202, '', 'heard'],
  ['data', 204, '', 'heard'],
  ['goodbye', 202, '', 'heard'],
  // It was there already, and may be there still.
  ['goodbye', 503, 'Temporarily unavailable', 'answered'],
  ['nothing valid', 400, 'empty payload requires a content type', 'heard'],
  ['too much', 413, 'Request body is too large', 'heard'],
  ['data', 503, 'no consumer available', 'heard'],
  ['data', 503, 'Temporarily unavailable', 'heard'],
] as const)('a device gets this answer only if it was let in: %s, %i %s', (what, status, text, heard) => {
  expect(heardBy(what, status, text)).toBe(heard);
});

test.each([
  [401, 'bad credentials'],
  [403, 'tenant is disabled or not registered'],
  [404, 'device is disabled or not registered'],
  [429, 'too many failed attempts, try again later'],
  [503, 'server busy, try again later'],
  [503, 'maximum number of simultaneously connected devices has been reached'],
])('a device that gets this answer may have been refused: %i %s', (status, text) => {
  expect(heardBy('data', status, text)).toBe('answered');
});

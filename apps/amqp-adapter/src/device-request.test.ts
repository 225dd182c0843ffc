import { expect, test } from 'vitest';
import { parseUploadAddress } from './device-request.ts';

test.each([
  ['telemetry', { endpoint: 'telemetry' }],
  ['t', { endpoint: 'telemetry' }],
  ['event', { endpoint: 'event' }],
  ['e', { endpoint: 'event' }],
  ['telemetry/acme/valve-1', { endpoint: 'telemetry', target: { tenant: 'acme', device: 'valve-1' } }],
  ['event//valve-1', { endpoint: 'event', target: { device: 'valve-1' } }],
  // As Hono reads them: slashes at the end count for nothing, nor does what follows the device.
  ['telemetry/', { endpoint: 'telemetry' }],
  ['telemetry//', { endpoint: 'telemetry' }],
  ['telemetry/acme/valve-1/more', { endpoint: 'telemetry', target: { tenant: 'acme', device: 'valve-1' } }],
])('the address %s is read', (to, address) => expect(parseUploadAddress(to)).toEqual(address));

test.each([
  '',
  'other',
  'telemetry/acme',
  '/telemetry',
  'command_response/acme/valve-1/1',
  `telemetry//${'x'.repeat(2_000)}`,
  undefined,
  7,
])('the address %s names nothing to upload to', (to) => expect(parseUploadAddress(to)).toBeUndefined());

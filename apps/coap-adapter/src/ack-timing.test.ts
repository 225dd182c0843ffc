import type { TenantId } from '@rollcall/core';
import type { Tenant } from '@rollcall/core/registry';
import { expect, test } from 'vitest';
import { ackAfterMs } from './ack-timing.ts';

function tenantWith(ext: Readonly<Record<string, unknown>>): Tenant {
  return {
    id: 'acme' as TenantId,
    enabled: true,
    defaults: {},
    limits: {},
    adapters: [{ type: 'hono-coap', enabled: true, ext }],
  };
}

test.each([
  [{}, false, 500],
  [{}, true, 500],
  [{ timeoutToAck: 200 }, true, 200],
  [{ timeoutToAck: -1 }, false, -1],
  [{ timeoutToAck: 0 }, false, 0],
  [{ timeoutToAck: 0 }, true, 500],
  [{ timeoutToAck: 0, deviceTriggeredTimeoutToAck: 900 }, true, 900],
  [{ timeoutToAck: '200' }, false, 500],
])('a tenant with %j decides when a request is acknowledged, piggy: %j', (ext, piggy, expected) =>
  expect(ackAfterMs(tenantWith(ext), 'hono-coap', 500, () => piggy)).toBe(expected),
);

test('with a time-out of 0 in the adapter too, a device that asks for piggy is acknowledged at once', () =>
  expect(ackAfterMs(tenantWith({ timeoutToAck: 0 }), 'hono-coap', 0, () => true)).toBe(0));

import { deviceRef, type TenantId } from '@rollcall/core';
import type { Registration, Tenant } from '@rollcall/core/registry';
import { expect, test } from 'vitest';
import { declaredConnectionLimit } from './declared-connection-limit.ts';

const device = (limit?: number): Registration => ({
  device: deviceRef('acme', 'gateway-1'),
  defaults: {},
  ...(limit !== undefined && { maxConnectionsPerDevice: limit }),
});

const tenant = (limit?: number, ofAdapter?: unknown): Tenant => ({
  id: 'acme' as TenantId,
  enabled: true,
  defaults: {},
  limits: {},
  ...(limit !== undefined && { maxConnectionsPerDevice: limit }),
  adapters: [
    { type: 'hono-amqp', enabled: true, ext: { 'max-connections-per-device': 1 } },
    { type: 'hono-mqtt', enabled: true, ext: { 'max-connections-per-device': ofAdapter } },
  ],
});

test.each([
  ['the device, whatever else is said', device(0), tenant(3, 2), 0],
  ['its kind of adapter, before its tenant', device(), tenant(3, 0), 0],
  ['its tenant', device(), tenant(3), 3],
  ['its tenant, where what is said for the adapter is no number', device(), tenant(3, '2'), 3],
  ['its tenant, where what is said for the adapter is less than nothing', device(), tenant(3, -1), 3],
  ['nobody', device(), tenant(), undefined],
])('the limit is that of %s', (_whose, registration, itsTenant, limit) => {
  expect(declaredConnectionLimit(registration, itsTenant, 'hono-mqtt').maxConnectionsPerDevice).toBe(limit);
});

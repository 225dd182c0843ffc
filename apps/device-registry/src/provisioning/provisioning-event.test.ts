import { deviceRef } from '@rollcall/core';
import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { TenantContent } from '../store/registry-content.ts';
import { provisioningEvent } from './provisioning-event.ts';

const at = Date.parse('2026-06-01T00:00:00Z');
const eventOf = (tenant: TenantContent, gatewayId?: string) =>
  provisioningEvent({
    device: deviceRef('acme', 'd-1'),
    tenant,
    at,
    random: seededRandom(1),
    ...(gatewayId !== undefined && { gatewayId }),
  });

test('the event has the properties that Hono gives it, and no body', () => {
  expect(eventOf({})).toEqual({
    endpoint: 'event',
    device: deviceRef('acme', 'd-1'),
    qos: 1,
    contentType: 'application/vnd.eclipse-hono-device-provisioning-notification',
    creationTime: at,
    origAdapter: 'hono-device-registry',
    origAddress: 'event',
    traceParent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    properties: { hono_registration_status: 'NEW', tenant_id: 'acme' },
  });
});

test('the event names the gateway through which the device came', () => {
  expect(eventOf({}, 'gw-1').properties).toMatchObject({ gateway_id: 'gw-1' });
});

test.each<[TenantContent, number | undefined]>([
  [{}, undefined],
  [{ defaults: { ttl: 30 } }, 30_000],
  [{ defaults: { ttl: 30 }, 'resource-limits': { 'max-ttl': 10 } }, 10_000],
  [{ defaults: { ttl: 5 }, 'resource-limits': { 'max-ttl': 10 } }, 5_000],
  [{ 'resource-limits': { 'max-ttl': 10 } }, 10_000],
  [{ defaults: { ttl: -1 }, 'resource-limits': { 'max-ttl': -1 } }, undefined],
])('the event of a tenant with %j has a time to live of %s ms', (tenant, ttlMs) => {
  expect(eventOf(tenant).ttlMs).toBe(ttlMs);
});

test("the tenant's defaults are its properties, where they are scalars, and cannot change what it says", () => {
  const defaults = { plant: 'north', nested: { a: 1 }, tenant_id: 'other', hono_registration_status: 'OLD' };
  expect(eventOf({ defaults }).properties).toEqual({
    plant: 'north',
    tenant_id: 'acme',
    hono_registration_status: 'NEW',
  });
});

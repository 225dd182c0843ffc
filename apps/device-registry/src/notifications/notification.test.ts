import { expect, test } from 'vitest';
import type { StoredChange } from '../store/registry-write.ts';
import { notificationOf } from './notification.ts';

const at = Date.parse('2026-06-01T12:34:56.789Z');
const shared = { source: 'device-registry', 'creation-time': '2026-06-01T12:34:56Z', 'tenant-id': 'acme' };

test.each<[StoredChange, string, Record<string, unknown>]>([
  [
    { type: 'tenant', change: 'create', tenant: 'acme', enabled: true, invalidateCacheOnUpdate: false },
    'notification/registry-tenant',
    { type: 'tenant-change-v1', change: 'CREATE', enabled: true, 'invalidate-cache-on-update': false },
  ],
  [
    { type: 'tenant', change: 'delete', tenant: 'acme', enabled: false, invalidateCacheOnUpdate: true },
    'notification/registry-tenant',
    { type: 'tenant-change-v1', change: 'DELETE', enabled: false, 'invalidate-cache-on-update': true },
  ],
  [
    { type: 'device', change: 'update', tenant: 'acme', device: 'd-1', enabled: false },
    'notification/registry-device',
    { type: 'device-change-v1', change: 'UPDATE', 'device-id': 'd-1', enabled: false },
  ],
  [
    { type: 'credentials', tenant: 'acme', device: 'd-1' },
    'notification/registry-device',
    { type: 'credentials-change-v1', 'device-id': 'd-1' },
  ],
  [
    { type: 'all-devices-deleted', tenant: 'acme' },
    'notification/registry-device',
    { type: 'all-devices-of-tenant-deleted-v1' },
  ],
])('the notification of %j has the members that Hono reads, and no other', (change, address, body) => {
  expect(notificationOf(change, at)).toEqual({ address, body: { ...shared, ...body } });
});

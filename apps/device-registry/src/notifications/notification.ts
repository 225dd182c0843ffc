import type { StoredChange } from '../store/registry-write.ts';

/** What subscribers are told of a change (`docs/hono-compatibility.md` §18). */
export interface Notification {
  readonly address: 'notification/registry-tenant' | 'notification/registry-device';
  /** Becomes JSON. Hono's readers want exactly these members, and fail over any other. */
  readonly body: Readonly<Record<string, string | boolean>>;
}

const changes = { create: 'CREATE', update: 'UPDATE', delete: 'DELETE' } as const;

/** @param at milliseconds since the Unix epoch. */
export function notificationOf(change: StoredChange, at: number): Notification {
  const shared = {
    source: 'device-registry',
    'creation-time': `${new Date(at).toISOString().slice(0, 19)}Z`,
    'tenant-id': change.tenant,
  };
  switch (change.type) {
    case 'tenant':
      return {
        address: 'notification/registry-tenant',
        body: {
          type: 'tenant-change-v1',
          ...shared,
          change: changes[change.change],
          enabled: change.enabled,
          'invalidate-cache-on-update': change.invalidateCacheOnUpdate,
        },
      };
    case 'device':
      return ofDevices({
        type: 'device-change-v1',
        ...shared,
        change: changes[change.change],
        'device-id': change.device,
        enabled: change.enabled,
      });
    case 'credentials':
      return ofDevices({ type: 'credentials-change-v1', ...shared, 'device-id': change.device });
    case 'all-devices-deleted':
      return ofDevices({ type: 'all-devices-of-tenant-deleted-v1', ...shared });
    default:
      return change satisfies never;
  }
}

function ofDevices(body: Notification['body']): Notification {
  return { address: 'notification/registry-device', body };
}

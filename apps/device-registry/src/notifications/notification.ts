import { subjectOf, type ChangeSubject } from '../store/change-outbox.ts';
import type { StoredChange } from '../store/registry-write.ts';

/** The notification of a change (`docs/hono-compatibility.md` §18). */
export interface Notification {
  readonly address: 'notification/registry-tenant' | 'notification/registry-device';
  /** Becomes JSON. Hono's readers fail if there is any other member. */
  readonly body: Readonly<Record<string, string | boolean>>;
}

const addresses = {
  tenants: 'notification/registry-tenant',
  devices: 'notification/registry-device',
} as const;

export function addressOf(subject: ChangeSubject): Notification['address'] {
  return addresses[subject];
}

const changes = { create: 'CREATE', update: 'UPDATE', delete: 'DELETE' } as const;

/** @param at the time of the change, in milliseconds since the Unix epoch. */
export function notificationOf(change: StoredChange, at: number): Notification {
  return { address: addressOf(subjectOf(change)), body: bodyOf(change, at) };
}

function bodyOf(change: StoredChange, at: number): Notification['body'] {
  const shared = {
    source: 'device-registry',
    'creation-time': `${new Date(at).toISOString().slice(0, 19)}Z`,
    'tenant-id': change.tenant,
  };
  switch (change.type) {
    case 'tenant':
      return {
        type: 'tenant-change-v1',
        ...shared,
        change: changes[change.change],
        enabled: change.enabled,
        'invalidate-cache-on-update': change.invalidateCacheOnUpdate,
      };
    case 'device':
      return {
        type: 'device-change-v1',
        ...shared,
        change: changes[change.change],
        'device-id': change.device,
        enabled: change.enabled,
      };
    case 'credentials':
      return { type: 'credentials-change-v1', ...shared, 'device-id': change.device };
    case 'all-devices-deleted':
      return { type: 'all-devices-of-tenant-deleted-v1', ...shared };
    default:
      return change satisfies never;
  }
}

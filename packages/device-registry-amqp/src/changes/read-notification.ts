import { deviceRef, type DeviceRef, type TenantId } from '@rollcall/core';
import { z } from 'zod';
import { parsedJson } from '../answers/read-json.ts';
import { nameSchema, tenantNameSchema } from '../answers/names.ts';

/** What changed. Later registries may send more kinds of changes, which are ignored. */
export type Notification =
  | { readonly of: 'tenant'; readonly tenant: TenantId }
  | { readonly of: 'device' | 'credentials'; readonly device: DeviceRef }
  | { readonly of: 'all-devices'; readonly tenant: TenantId }
  | { readonly of: 'something-else' };

/** Real notifications are much shorter. */
const maxBytes = 16_384;

const ofTenant = z.object({ 'tenant-id': tenantNameSchema });
const ofDevice = z.object({ 'tenant-id': tenantNameSchema, 'device-id': nameSchema });
const anything = z.object({ type: z.string() });

/** Reads a notification; `undefined`: it cannot be read. */
export function readNotification(body: Uint8Array | undefined): Notification | undefined {
  if (!body || body.length > maxBytes) return undefined;
  const json = parsedJson(body);
  switch (anything.safeParse(json).data?.type) {
    case undefined:
      return undefined;
    case 'tenant-change-v1':
      return tenantOf('tenant', json);
    case 'all-devices-of-tenant-deleted-v1':
      return tenantOf('all-devices', json);
    case 'device-change-v1':
      return deviceOf('device', json);
    case 'credentials-change-v1':
      return deviceOf('credentials', json);
    default:
      return { of: 'something-else' };
  }
}

function tenantOf(of: 'tenant' | 'all-devices', json: unknown): Notification | undefined {
  const { data } = ofTenant.safeParse(json);
  return data && { of, tenant: data['tenant-id'] as TenantId };
}

function deviceOf(of: 'device' | 'credentials', json: unknown): Notification | undefined {
  const { data } = ofDevice.safeParse(json);
  return data && { of, device: deviceRef(data['tenant-id'], data['device-id']) };
}

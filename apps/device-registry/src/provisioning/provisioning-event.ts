import type { DeviceRef } from '@rollcall/core';
import type { DeviceMessage } from '@rollcall/core/device-data';
import type { Random } from '@rollcall/core/environment';
import type { PropertyValue } from '@rollcall/core/internal';
import { splitDefaults } from '@rollcall/hono-wire/internal';
import type { TenantContent } from '../store/registry-content.ts';

export interface ProvisioningEventFacts {
  readonly device: DeviceRef;
  readonly tenant: TenantContent;
  /** Absent: the device showed its certificate. */
  readonly gatewayId?: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly random: Random;
}

/** The event that tells applications of a device which registered itself (`docs/hono-compatibility.md` §18). It has no body. */
export function provisioningEvent({
  device,
  tenant,
  gatewayId,
  at,
  random,
}: ProvisioningEventFacts): DeviceMessage {
  const { properties, ttlSeconds } = splitDefaults(defaultsOf(tenant));
  const trace = Buffer.from(random.bytes(24)).toString('hex');
  const ttl = ttlOf(ttlSeconds, tenant);
  return {
    endpoint: 'event',
    device,
    qos: 1,
    contentType: 'application/vnd.eclipse-hono-device-provisioning-notification',
    creationTime: at as DeviceMessage['creationTime'],
    ...(ttl !== undefined && { ttlMs: ttl * 1_000 }),
    origAdapter: 'hono-device-registry',
    origAddress: 'event',
    traceParent: `00-${trace.slice(0, 32)}-${trace.slice(32)}-01`,
    properties: {
      ...properties,
      hono_registration_status: 'NEW',
      tenant_id: device.tenant,
      ...(gatewayId !== undefined && { gateway_id: gatewayId }),
    },
  };
}

/** What is no scalar is no property of a message. */
function defaultsOf({ defaults = {} }: TenantContent): Readonly<Record<string, PropertyValue>> {
  return Object.fromEntries(
    Object.entries(defaults).filter((entry): entry is [string, PropertyValue] =>
      ['string', 'number', 'boolean'].includes(typeof entry[1]),
    ),
  );
}

/** Seconds; as with events of devices, the tenant's limit bounds what it has as its default. */
function ttlOf(
  byDefault: number | undefined,
  { 'resource-limits': limits }: TenantContent,
): number | undefined {
  const given = byDefault !== undefined && byDefault >= 0 ? byDefault : undefined;
  const written = limits?.['max-ttl'];
  const limit = typeof written === 'number' && written >= 0 ? written : undefined;
  return limit === undefined || given === undefined ? (given ?? limit) : Math.min(given, limit);
}

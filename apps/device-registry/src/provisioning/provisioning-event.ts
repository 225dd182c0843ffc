import type { DeviceRef } from '@rollcall/core';
import type { DeviceMessage } from '@rollcall/core/device-data';
import type { Random } from '@rollcall/core/environment';
import type { PropertyValue } from '@rollcall/core/internal';
import { splitDefaults } from '@rollcall/hono-wire/internal';
import type { TenantContent } from '../store/registry-content.ts';

export interface ProvisioningEventFacts {
  readonly device: DeviceRef;
  readonly tenant: TenantContent;
  /** The gateway through which the device was registered; absent: it was registered by its certificate. */
  readonly gatewayId?: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly random: Random;
}

/** The event about a device that registered itself (`docs/hono-compatibility.md` §18). It has no body. */
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

/** Only scalars can be properties of a message. */
function defaultsOf({ defaults = {} }: TenantContent): Readonly<Record<string, PropertyValue>> {
  return Object.fromEntries(
    Object.entries(defaults).filter((entry): entry is [string, PropertyValue] =>
      ['string', 'number', 'boolean'].includes(typeof entry[1]),
    ),
  );
}

/** The time to live in seconds: the tenant's default, bounded by its limit, as for events of devices. */
function ttlOf(
  byDefault: number | undefined,
  { 'resource-limits': limits }: TenantContent,
): number | undefined {
  const given = byDefault !== undefined && byDefault >= 0 ? byDefault : undefined;
  const written = limits?.['max-ttl'];
  const limit = typeof written === 'number' && written >= 0 ? written : undefined;
  return limit === undefined || given === undefined ? (given ?? limit) : Math.min(given, limit);
}

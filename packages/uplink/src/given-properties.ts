import { isDefaultProperty } from '@rollcall/hono-wire/internal';
import type { PropertyValue } from '@rollcall/core/internal';
import type { DefaultProperties, Tenant } from '@rollcall/core/registry';
import { printable } from '@rollcall/core/text';

/** Of one message: more than any device needs. */
const maxProperties = 32;
/** Where `ext` of a tenant's adapter has it, devices may give their messages properties. */
const permission = 'forward-user-properties';
/** What Hono says of other messages: a device must not say it of its own. */
const reserved: ReadonlySet<string> = new Set(['tenant_id', 'gateway_id', '']);

/**
 * The application properties of a message: the defaults, and above them what the device gave, where its tenant lets it. What
 * says who sent a message, or is a field of its own, is never the device's to say.
 */
export function withGivenProperties(
  defaults: DefaultProperties,
  given: readonly (readonly [name: string, value: string])[] | undefined,
  tenant: Tenant,
  adapterType: string,
): DefaultProperties {
  if (!given || !isPermitted(tenant, adapterType)) return defaults;
  const properties: Record<string, PropertyValue> = Object.assign(Object.create(null), defaults);
  for (const [name, value] of given.slice(0, maxProperties)) {
    const shown = printable(name);
    if (isDefaultProperty(shown) && !reserved.has(shown)) properties[shown] = printable(value);
  }
  return properties;
}

function isPermitted({ adapters }: Tenant, adapterType: string): boolean {
  return adapters?.some(({ type, ext }) => type === adapterType && ext[permission] === true) ?? false;
}

import { isPrintable } from '@rollcall/core/text';

/** What an address of the network names (`docs/events-api.md`). */
export type Address =
  | { readonly kind: 'event'; readonly tenant: string }
  /** The queues of all tenants, also of tenants that come later. */
  | { readonly kind: 'every-event' }
  /** A subscription to the events of one tenant, or of {@link everyTenant}. */
  | { readonly kind: 'subscription'; readonly tenant: string; readonly name: string }
  | { readonly kind: 'telemetry'; readonly tenant: string }
  /** Changes of a device registry, under the addresses of Hono's registry. */
  | { readonly kind: 'notification'; readonly topic: string };

/** An address that producers can send to. */
export type Target = Extract<Address, { kind: 'event' | 'telemetry' | 'notification' }>;
/** An address that has its own queue. */
export type QueueAddress = Extract<Address, { kind: 'event' | 'subscription' }>;

/** Stands for all tenants, where events are consumed. */
export const everyTenant = '#';

const maxNameLength = 255;
// The name of a tenant has no slash, and no `::`, which begins the name of a subscription.
const pattern = /^(event|telemetry|notification)\/((?:(?!::)[^/])+)(?:::(.+))?$/;

/** Reads an address; `undefined`: it is not one of this network. */
export function parseAddress(text: unknown): Address | undefined {
  if (typeof text !== 'string' || text.length > 2 * maxNameLength || !isPrintable(text)) return undefined;
  const [, endpoint, tenant, name] = pattern.exec(text) ?? [];
  if (tenant === undefined || tenant.length > maxNameLength) return undefined;
  if (endpoint === 'notification')
    return name === undefined ? { kind: 'notification', topic: tenant } : undefined;
  if (endpoint === 'telemetry')
    return name === undefined && tenant !== everyTenant ? { kind: 'telemetry', tenant } : undefined;
  if (tenant === everyTenant && name === undefined) return { kind: 'every-event' };
  return name === undefined ? { kind: 'event', tenant } : { kind: 'subscription', tenant, name };
}

/** Whether producers can send to an address; other addresses are for consumers only. */
export function isTarget(address: Address | undefined): address is Target {
  return address?.kind === 'event' || address?.kind === 'telemetry' || address?.kind === 'notification';
}

/** The name of the tenant's shared queue, or of one of its subscriptions. */
export function queueName(address: QueueAddress): string {
  return address.kind === 'event' ? `event/${address.tenant}` : `event/${address.tenant}::${address.name}`;
}

/** An address that a peer gave, for an error or an echo. */
export function addressText(address: unknown): string {
  return typeof address === 'string' ? address.slice(0, 2 * maxNameLength) : 'an address that is no string';
}

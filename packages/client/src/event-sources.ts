import type { TerminusOptions } from '@rollcall/amqp-connection/links';
import { ConfigError } from '@rollcall/core';
import { networkLayouts, type EventNetwork } from './network-layouts.ts';

/** Which events to consume, and from which network. */
export interface SourceChoice {
  /** One tenant. */
  readonly tenant?: string;
  /** Several tenants, or all of the network, also those that come later. */
  readonly tenants?: readonly string[] | 'all';
  /** The kind of network, as in the adapters' `ROLLCALL_MESSAGING_NETWORK`; default `hono`, the embedded one too. */
  readonly network?: EventNetwork;
  /**
   * Name of the application's own subscription, on networks that have subscriptions: every application then gets every event.
   * Without it the tenant's queue is shared with all other consumers, and pairs are split among them.
   */
  readonly application?: string;
  /** A subscription that ends with this consumer: the network keeps no events for it, and it takes none from others. */
  readonly temporary?: boolean;
  /** Replaces the address that is made from network, tenant and application; `{tenant}` or `{tenant:pct}` stand for each tenant. */
  readonly address?: string;
  /** Replaces the requirements of the network's preset for the address, e.g. `{ durable: 2 }` for RabbitMQ 3. */
  readonly source?: TerminusOptions;
}

/** Where to receive. */
export interface EventSource {
  readonly address: string;
  readonly terminus: TerminusOptions;
  /** Whether a bad address ends the session, and with it every other link of the session. */
  readonly ownSession: boolean;
}

/** How many links one consumer may have: each needs some credit, and the messages under way are bounded in all. */
const maxTenants = 1_000;

/**
 * The addresses for the events of the wanted tenants. All events of one tenant, and so of one device, come over one address.
 *
 * @param newName names a subscription that ends with its consumer.
 * @throws ConfigError if the network has no such address; the error says what to do.
 */
export function eventSources(choice: SourceChoice, newName: () => string): readonly EventSource[] {
  const { network = 'hono', source } = choice;
  if (!Object.hasOwn(networkLayouts, network))
    fail(`network must be one of ${Object.keys(networkLayouts).join(', ')}`);
  const layout = networkLayouts[network];
  const tenants = askedTenants(choice);
  const place =
    choice.address === undefined
      ? layout.place({ all: tenants === 'all', ...ownership(choice) })
      : { address: choice.address };
  if ('refusal' in place) fail(`${network}: ${place.refusal}`);
  const { address, terminus = layout.terminus } = place;
  const name = choice.application ?? newName();
  const fill = (tenant: string): EventSource => ({
    address: filled(address, tenant, name),
    terminus: source ?? (choice.address === undefined || choice.network !== undefined ? terminus : {}),
    ownSession: layout.ownSession,
  });
  if (!/\{tenant(?::pct)?\}/.test(address)) return [fill('')];
  if (tenants === 'all' || tenants.length === 0)
    fail(`the address ${address} needs tenants that are named: give them in tenants, or an address of all`);
  const bad = tenants.find((tenant) => tenant === '' || layout.notInTenants.test(tenant));
  if (choice.address === undefined && bad !== undefined)
    fail(`${network}: the tenant ${JSON.stringify(bad)} means something else in its addresses`);
  return tenants.map(fill);
}

/** Each tenant once. Addresses without a tenant do not need any. */
function askedTenants({ tenant, tenants, address }: SourceChoice): readonly string[] | 'all' {
  if (tenant !== undefined && tenants !== undefined) fail('give either tenant or tenants');
  if (tenants === 'all') return 'all';
  const asked = [...new Set(tenants ?? (tenant === undefined ? [] : [tenant]))];
  if (asked.length === 0 && address === undefined) fail('tenant or tenants must be given');
  if (asked.length > maxTenants)
    fail(`${maxTenants} tenants at most: ask for all of them, or begin another consumer`);
  return asked;
}

function ownership({ application, temporary }: SourceChoice): {
  readonly owner: 'shared' | 'application' | 'temporary';
} {
  // With a name the subscription belongs to the application, whether it is temporary or not.
  if (application !== undefined) return { owner: 'application' };
  return { owner: temporary === true ? 'temporary' : 'shared' };
}

function filled(address: string, tenant: string, name: string): string {
  const values: Readonly<Record<string, string>> = {
    '{tenant}': tenant,
    '{tenant:pct}': encodeURIComponent(tenant),
    '{name}': name,
    '{name:pct}': encodeURIComponent(name),
  };
  return address.replaceAll(/\{[^{}]*\}/g, (place) => values[place] ?? place);
}

function fail(problem: string): never {
  throw new ConfigError([problem]);
}

import type { TerminusOptions } from '@rollcall/amqp-connection/links';
import { ConfigError } from '@rollcall/core';
import { networkLayouts, type EventNetwork } from './network-layouts.ts';

/** Whose events, and from which network. */
export interface SourceChoice {
  /** One tenant. */
  readonly tenant?: string;
  /** Several tenants, or all of the network, also those that come later. */
  readonly tenants?: readonly string[] | 'all';
  /** The kind of network, as the adapters have it in `ROLLCALL_MESSAGING_NETWORK`; default `hono`, the embedded one too. */
  readonly network?: EventNetwork;
  /**
   * Name of an own subscription, on networks that know one: every application then gets every event.
   * Without it the tenant's queue is shared with all other consumers, and pairs are split among them.
   */
  readonly application?: string;
  /** A subscription that goes with this consumer: nothing is kept for it, and nothing taken from others. */
  readonly temporary?: boolean;
  /** Replaces the address that is made of network, tenant and application; `{tenant}` or `{tenant:pct}` stand for each tenant. */
  readonly address?: string;
  /** Replaces what the network's preset asks of the address, e.g. `{ durable: 2 }` of RabbitMQ 3. */
  readonly source?: TerminusOptions;
}

/** Where to receive. */
export interface EventSource {
  readonly address: string;
  readonly terminus: TerminusOptions;
  /** Whether a bad address ends the session, and with it every other link of the session. */
  readonly ownSession: boolean;
}

/** Links of one consumer: each needs some credit, and what may be under way in all is bounded. */
const maxTenants = 1_000;

/**
 * The addresses that have the events of the tenants that were asked for. All events of one tenant, and so of one device, come over one
 * of them.
 *
 * @param newName names a subscription that goes with its consumer.
 * @throws ConfigError where the network has no such address, with what to do.
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
  // A name makes it the application's; what is asked of its end is another matter.
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

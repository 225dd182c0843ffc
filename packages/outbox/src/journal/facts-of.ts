import type { ConnectionEvent } from '@rollcall/core/events';
import type { OutboundEvent, TenantDownstream } from '@rollcall/core/sink';
import type { StoredEvent } from './store/stored.ts';

/** Of events that were read back: in an outage, each is measured again. */
const ofRead = new WeakMap<OutboundEvent, string>();

/** The one that was looked at last: what is appended is measured several times in a row. A weak map of all would cost each collection. */
let latest: { readonly outbound: OutboundEvent; readonly facts: string } | undefined;

/** An event as JSON, as the journal keeps it. */
export function factsOf(outbound: OutboundEvent): string {
  if (latest?.outbound !== outbound)
    latest = { outbound, facts: ofRead.get(outbound) ?? JSON.stringify(outbound.event) };
  return latest.facts;
}

/** The event that a journal has kept, as a sink gets it. Its JSON is known already. */
export function outboundOf({ facts, downstream }: StoredEvent): OutboundEvent {
  const outbound: OutboundEvent = {
    event: JSON.parse(facts) as ConnectionEvent,
    downstream: JSON.parse(downstream) as TenantDownstream,
  };
  ofRead.set(outbound, facts);
  return outbound;
}

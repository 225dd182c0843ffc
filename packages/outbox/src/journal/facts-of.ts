import type { ConnectionEvent, OutboundEvent, TenantDownstream } from '@rollcall/core';
import type { StoredEvent } from './store/stored.ts';

const known = new WeakMap<OutboundEvent, string>();

/** An event as JSON, as the journal keeps it. Written once: the outbox measures it, and the journal stores it. */
export function factsOf(outbound: OutboundEvent): string {
  let facts = known.get(outbound);
  if (facts === undefined) known.set(outbound, (facts = JSON.stringify(outbound.event)));
  return facts;
}

/** The event that a journal has kept, as a sink gets it. Its JSON is known already. */
export function outboundOf({ facts, downstream }: StoredEvent): OutboundEvent {
  const outbound: OutboundEvent = {
    event: JSON.parse(facts) as ConnectionEvent,
    downstream: JSON.parse(downstream) as TenantDownstream,
  };
  known.set(outbound, facts);
  return outbound;
}

import type { OutboundEvent } from '@rollcall/core';

const known = new WeakMap<OutboundEvent, string>();

/** An event as JSON, as the journal keeps it. Written once: the outbox measures it, and the journal stores it. */
export function factsOf(outbound: OutboundEvent): string {
  let facts = known.get(outbound);
  if (facts === undefined) known.set(outbound, (facts = JSON.stringify(outbound.event)));
  return facts;
}

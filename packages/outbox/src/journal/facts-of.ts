import type { ConnectionEvent } from '@rollcall/core/events';
import type { OutboundEvent, TenantDownstream } from '@rollcall/core/sink';
import type { StoredEvent } from './store/stored.ts';

/** The JSON of events that were read back: in an outage, each is measured again. */
const ofRead = new WeakMap<OutboundEvent, string>();

/** The latest one: an event that is appended is measured several times in a row. A weak map of all would slow garbage collection. */
let latest: { readonly outbound: OutboundEvent; readonly facts: string } | undefined;

/** An event as JSON, as the journal keeps it. */
export function factsOf(outbound: OutboundEvent): string {
  if (latest?.outbound !== outbound)
    latest = { outbound, facts: ofRead.get(outbound) ?? JSON.stringify(outbound.event) };
  return latest.facts;
}

/** What else is kept of an event, as JSON. Earlier versions read the settings of the tenant alone, and ignore the rest. */
export function besideFactsOf({ downstream, announcement, ofAnother }: OutboundEvent): string {
  const kept: BesideFacts = {
    ...downstream,
    ...(announcement && { announcement }),
    ...(ofAnother && { ofAnother }),
  };
  return JSON.stringify(kept);
}

type BesideFacts = TenantDownstream & Pick<OutboundEvent, 'announcement' | 'ofAnother'>;

/** The event that a journal has kept, as a sink gets it. Its JSON is kept for `factsOf`. */
export function outboundOf({ facts, downstream: beside }: StoredEvent): OutboundEvent {
  const { announcement, ofAnother, ...downstream } = JSON.parse(beside) as BesideFacts;
  const outbound: OutboundEvent = {
    event: JSON.parse(facts) as ConnectionEvent,
    downstream,
    ...(announcement && { announcement }),
    ...(ofAnother && { ofAnother }),
  };
  ofRead.set(outbound, facts);
  return outbound;
}

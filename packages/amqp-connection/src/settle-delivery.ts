import type rhea from 'rhea';

export type Settlement = 'accepted' | 'released' | 'rejected';

/** The part of rhea's session that its typings leave out. */
interface RawIncoming {
  readonly updated: { readonly state?: unknown }[];
  process(session: unknown): void;
}

const lastSettlement = new WeakMap<RawIncoming, Settlement>();

/**
 * Settles a delivery. rhea merges dispositions of consecutive deliveries that fall into one turn of the event loop, and
 * gives all of them the outcome of the first: what is pending goes out before an outcome of another kind.
 */
export function settleDelivery(delivery: rhea.Delivery, settlement: Settlement): void {
  const session = (delivery as unknown as { link: { session: { incoming: RawIncoming } } }).link.session;
  const { incoming } = session;
  if (incoming.updated.length > 0 && lastSettlement.get(incoming) !== settlement) incoming.process(session);
  lastSettlement.set(incoming, settlement);
  if (settlement === 'accepted') delivery.accept();
  // With an argument, rhea says `modified`: RabbitMQ 3 ends the session over it.
  else if (settlement === 'released') delivery.release();
  else delivery.reject({ condition: 'amqp:not-allowed' });
}

import type rhea from 'rhea';
import type { AmqpCause } from './conditions.ts';

interface RawIncoming {
  readonly updated: readonly unknown[];
  process(session: unknown): void;
}

const lastOutcome = new WeakMap<RawIncoming, string>();

/**
 * Answers a delivery: `accepted`, `released`, or an error it is rejected with. rhea gives consecutive deliveries that are settled in
 * one turn of the event loop the outcome of the first: one that differs has to wait until those are written.
 */
export function settleDelivery(delivery: rhea.Delivery, outcome: 'accepted' | 'released' | AmqpCause): void {
  const { session } = (delivery as unknown as { link: { session: { incoming: RawIncoming } } }).link;
  const { incoming } = session;
  const kind = typeof outcome === 'string' ? outcome : `${outcome.code} ${outcome.text}`;
  if (incoming.updated.length > 0 && lastOutcome.get(incoming) !== kind) incoming.process(session);
  lastOutcome.set(incoming, kind);
  if (outcome === 'accepted') delivery.accept();
  else if (outcome === 'released') delivery.release();
  else delivery.reject({ condition: outcome.code, description: outcome.text });
}

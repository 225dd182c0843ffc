import type rhea from 'rhea';
import { internalsOf, receivedInternalsOf } from './internals-of.ts';
import type { RawIncoming } from './raw.ts';

/** What becomes of a message that a peer sent. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'released' }
  | { readonly kind: 'rejected'; readonly condition: string; readonly description?: string };

/** Forgets what a peer sent, without a word: it settled that itself, or its link is gone. */
export function forgo(delivery: rhea.Delivery): void {
  receivedInternalsOf(delivery).settled = true;
}

/**
 * Forgets all that a peer sent on a link that it detached: nothing of it can be settled any more. rhea gives back the room of a
 * delivery when those before it are settled, so one would stop its whole session, 2,048 deliveries later.
 */
export function forgoAll(receiver: rhea.Receiver): void {
  const link = internalsOf(receiver);
  const { deliveries, next_delivery_id: end = 0 } = link.session.incoming;
  for (let id = deliveries.get_head()?.id ?? end; id < end; id++) {
    const delivery = deliveries.by_id(id);
    if (delivery?.link === link) delivery.settled = true;
  }
  // The peer hears of the room only when something is written.
  link.session.connection._register();
}

const lastOutcome = new WeakMap<RawIncoming, string>();

/**
 * Settles what a peer sent. rhea gives consecutive deliveries that are settled in one turn of the event loop the outcome of the
 * first: one that differs has to wait until those are written.
 */
export function settle(delivery: rhea.Delivery, verdict: Verdict): void {
  const { session } = receivedInternalsOf(delivery).link;
  const { incoming } = session;
  const outcome = Object.values(verdict).join(' ');
  if (incoming.updated.length > 0 && lastOutcome.get(incoming) !== outcome) incoming.process(session);
  lastOutcome.set(incoming, outcome);
  if (verdict.kind === 'accepted') delivery.accept();
  // With an argument, rhea says `modified`: RabbitMQ 3 ends the session over it.
  else if (verdict.kind === 'released') delivery.release();
  else {
    const { condition, description } = verdict;
    delivery.reject({ condition, ...(description !== undefined && { description }) });
  }
}

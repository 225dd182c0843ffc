import type rhea from 'rhea';
import { receivedInternalsOf } from './internals-of.ts';
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

/** What becomes of a message that a peer sent. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'released' }
  | { readonly kind: 'rejected'; readonly condition: string; readonly description: string };

/** What of rhea's delivery is needed to settle it. */
export interface SettleableDelivery {
  accept(): void;
  release(): void;
  reject(error: { condition: string; description: string }): void;
}

interface RawIncoming {
  readonly updated: readonly unknown[];
  process(session: unknown): void;
}

const lastOutcome = new WeakMap<RawIncoming, string>();

/**
 * Settles what a peer sent. rhea gives consecutive deliveries that are settled in one turn of the event loop the outcome of the
 * first: one that differs has to wait until those are written.
 */
export function settleDelivery(delivery: SettleableDelivery, verdict: Verdict): void {
  const { session } = (delivery as unknown as { link: { session: { incoming: RawIncoming } } }).link;
  const { incoming } = session;
  const outcome = Object.values(verdict).join(' ');
  if (incoming.updated.length > 0 && lastOutcome.get(incoming) !== outcome) incoming.process(session);
  lastOutcome.set(incoming, outcome);
  if (verdict.kind === 'accepted') delivery.accept();
  else if (verdict.kind === 'released') delivery.release();
  else delivery.reject({ condition: verdict.condition, description: verdict.description });
}

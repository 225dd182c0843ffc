import rhea from 'rhea';

export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'released' }
  | { readonly kind: 'rejected'; readonly condition: string; readonly description: string };

interface RawIncoming {
  readonly updated: readonly unknown[];
  process(session: unknown): void;
}

const lastKind = new WeakMap<RawIncoming, Verdict['kind']>();

/**
 * Settles what a producer sent. rhea gives consecutive deliveries that are settled in one turn of the event loop the
 * outcome of the first: an outcome of another kind has to wait until those are written.
 */
export function settleDelivery(delivery: rhea.Delivery, verdict: Verdict): void {
  const { session } = (delivery as unknown as { link: { session: { incoming: RawIncoming } } }).link;
  const { incoming } = session;
  if (incoming.updated.length > 0 && lastKind.get(incoming) !== verdict.kind) incoming.process(session);
  lastKind.set(incoming, verdict.kind);
  if (verdict.kind === 'accepted') delivery.accept();
  else if (verdict.kind === 'released') delivery.release();
  else delivery.reject({ condition: verdict.condition, description: verdict.description });
}

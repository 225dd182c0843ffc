import rhea from 'rhea';

interface RawOutgoing {
  available(): number;
  readonly next_delivery_id: number;
  readonly next_pending_delivery: number;
}

/** Credit of a link, which rhea's typings leave out. */
export function creditOf(link: rhea.Sender | rhea.Receiver): number {
  return (link as unknown as { readonly credit: number }).credit;
}

/**
 * How many messages a consumer's link can take now without any of them waiting inside rhea: one that waits there blocks
 * every other link of its session.
 */
export function capacityOf(link: rhea.Sender): number {
  if (!link.is_open()) return 0;
  const { outgoing } = link.session as unknown as { outgoing: RawOutgoing };
  if (outgoing.next_pending_delivery < outgoing.next_delivery_id) return 0;
  return Math.max(0, Math.min(creditOf(link), outgoing.available() - 1));
}

/** Whether the consumer asked for messages that are settled when sent (AMQP 1.0 §2.8.2). */
export function wantsSettled(link: rhea.Sender): boolean {
  return (link as unknown as { snd_settle_mode?: number }).snd_settle_mode === 1;
}

/** Sends the bytes of a message as they are. */
export function forward(link: rhea.Sender, payload: Buffer, settled: boolean): rhea.Delivery {
  const delivery = link.send(payload, undefined, 0);
  if (settled) (delivery as unknown as { settled: boolean }).settled = true;
  return delivery;
}

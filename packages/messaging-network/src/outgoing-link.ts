import { internalsOf, sentInternalsOf } from '@rollcall/rhea-internals';
import type rhea from 'rhea';

/** Credit of a link, which rhea's typings leave out. */
export function creditOf(link: rhea.Sender | rhea.Receiver): number {
  return internalsOf(link).credit;
}

/** How many messages were handed to rhea for a link and may still wait inside it. */
const unsent = new WeakMap<rhea.Sender, number>();

/**
 * How many messages a consumer's link can take now. A message without credit would wait inside rhea and block every other link of
 * the session. One message more than the session's buffer holds would make rhea throw. So the messages that were handed over
 * in this turn count: those of this link against its credit, those of all links of the session against the buffer.
 */
export function capacityOf(link: rhea.Sender): number {
  if (!link.is_open()) return 0;
  const { outgoing } = internalsOf(link.session);
  if (outgoing.next_pending_delivery === outgoing.next_delivery_id) unsent.delete(link);
  return Math.max(0, Math.min(creditOf(link) - (unsent.get(link) ?? 0), outgoing.available() - 1));
}

/** Whether the consumer asked for messages that are settled when they are sent (AMQP 1.0 §2.8.2). */
export function wantsSettled(link: rhea.Sender): boolean {
  return internalsOf(link).snd_settle_mode === 1;
}

/** Sends the bytes of a message unchanged. Call it only if {@link capacityOf} has just said that there is room. */
export function forward(link: rhea.Sender, payload: Buffer, settled: boolean): rhea.Delivery {
  unsent.set(link, (unsent.get(link) ?? 0) + 1);
  const delivery = link.send(payload, undefined, 0);
  if (settled) sentInternalsOf(delivery).settled = true;
  return delivery;
}

import { internalsOf, sentInternalsOf } from '@rollcall/rhea-internals';
import { asDelivery, releasedOutcome } from '@rollcall/rhea-internals/client';
import type rhea from 'rhea';
import { readAcceptancesBesideRhea } from './acceptances-beside-rhea.ts';
import { asBuffer, PlainDelivery, tagBytes, tagOf, type OnAccepted } from './plain-delivery.ts';

/** How many deliveries a session can take, and those that it still holds. */
export interface OutgoingWindow {
  /** How many deliveries the session can take in. */
  available(): number;
  /** Whether a message that was handed over did not leave yet: then no other may be handed over. */
  blocked(): boolean;
  /** Whether every delivery was settled. */
  idle(): boolean;
  /** How many deliveries were taken in so far. */
  used(): number;
  /** Takes a message in. If the peer accepts it, `onAccepted` may be called instead of the sender's events. */
  send(sender: rhea.Sender, message: Uint8Array, onAccepted: OnAccepted): rhea.Delivery;
  /** Settles a delivery on this side, so that it takes up no room any more. Its outcome is not reported any more. */
  abandon(delivery: rhea.Delivery): void;
}

/** Unsettled deliveries per session. rhea keeps 2,048, which one address without outcomes would soon use up for all. */
const unsettledPerSession = 2 ** 16;

/** Larger messages are left to rhea: writing them here would gain nothing, and need a copy. */
const largestPlainBytes = 16_384;

/** Makes a fresh session ready to send on. `onOutcome` is called with every disposition of the peer. */
export function openWindow(
  session: rhea.Session,
  onOutcome: () => void,
  capacity: number = unsettledPerSession,
): OutgoingWindow {
  const raw = internalsOf(session);
  const { connection, outgoing } = raw;
  const { deliveries } = outgoing;
  deliveries.capacity = capacity;
  const applyDisposition = outgoing.on_disposition.bind(outgoing);
  outgoing.on_disposition = (fields) => {
    onOutcome();
    const head = deliveries.get_head();
    const last = Math.min(fields.last ?? fields.first, outgoing.next_delivery_id - 1);
    // rhea looks for outcomes of abandoned deliveries in slots that other deliveries use now.
    if (head === undefined || last < head.id) return;
    fields.first = Math.max(fields.first, head.id);
    fields.last = last;
    applyDisposition(fields);
  };
  readAcceptancesBesideRhea(raw, (first, last) => {
    const head = deliveries.get_head();
    // A delivery that was not sent cannot have been accepted: rhea handles such a frame.
    if (last >= outgoing.next_pending_delivery) return false;
    onOutcome();
    let all = true;
    for (let id = Math.max(first, head?.id ?? Infinity); id <= last; id++) {
      const delivery = deliveries.by_id(id);
      if (delivery instanceof PlainDelivery) accept(delivery);
      else all = false;
    }
    return all;
  });
  return {
    available: () => deliveries.capacity - deliveries.size,
    blocked: () => outgoing.next_pending_delivery < outgoing.next_delivery_id,
    idle: () => deliveries.size === 0,
    used: () => outgoing.next_delivery_id,
    send(sender, message, onAccepted) {
      const id = outgoing.next_delivery_id;
      const largest = outgoing.compute_max_payload({ length: tagBytes }) ?? largestPlainBytes;
      if (message.length > Math.min(largest, largestPlainBytes))
        return sender.send(asBuffer(message), tagOf(id), 0);
      const delivery = new PlainDelivery(id, internalsOf(sender), message, onAccepted);
      deliveries.push(delivery);
      outgoing.next_delivery_id += 1;
      connection._register();
      return asDelivery(delivery);
    },
    abandon(delivery) {
      const settled = sentInternalsOf(delivery);
      if (settled.id >= outgoing.next_pending_delivery) {
        // The delivery was not sent yet. rhea cannot leave a gap, so the delivery is sent settled, and then forgotten.
        settled.settled = true;
        return;
      }
      // As Hono does; rhea as a peer does not understand a settlement without an outcome.
      delivery.update(true, releasedOutcome());
      // rhea frees the room once both sides have settled; a peer does not answer a settled delivery any more.
      settled.remote_settled = true;
    },
  };
}

/** Does what rhea does with such an outcome, without its events. */
function accept(delivery: PlainDelivery): void {
  if (delivery.remote_settled) return;
  delivery.settled = true;
  delivery.remote_settled = true;
  delivery.onAccepted(delivery);
}

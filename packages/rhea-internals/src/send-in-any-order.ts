import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';
import type { RawDelivery, RawOutgoing } from './raw.ts';

/** What sessions have sent, or have to send, and both sides have not settled, by delivery id. */
const unsettledOf = new WeakMap<RawOutgoing, Map<number, RawDelivery>>();

/**
 * Lets what a session sends be settled in any order. rhea gives back the room of a delivery when those before it are settled: one that
 * a consumer keeps would stop everything on its session, 2,048 deliveries later.
 */
export function sendInAnyOrder(session: rhea.Session): void {
  const { outgoing } = internalsOf(session);
  if (unsettledOf.has(outgoing)) return;
  const { capacity } = outgoing.deliveries;
  const unsettled = new Map<number, RawDelivery>();
  unsettledOf.set(outgoing, unsettled);
  outgoing.deliveries = {
    capacity,
    available: () => capacity - unsettled.size,
    push(delivery) {
      if (unsettled.size >= capacity) throw new Error('more deliveries than the session has room for');
      unsettled.set(delivery.id, delivery);
    },
    pop_if(isDone) {
      const before = unsettled.size;
      for (const [id, delivery] of unsettled) if (isDone(delivery)) unsettled.delete(id);
      return before - unsettled.size;
    },
    by_id: (id) => unsettled.get(id),
    get_head: () => unsettled.values().next().value,
    get size() {
      return unsettled.size;
    },
  };
}

/**
 * Forgets what a link that the peer detached has not settled: its room would be lost to the session. What rhea has not written of it
 * is not sent any more.
 *
 * @param sender of a session that was given to {@link sendInAnyOrder}; otherwise nothing happens.
 */
export function forgetSent(sender: rhea.Sender): void {
  const link = internalsOf(sender);
  const { outgoing } = link.session;
  const unsettled = unsettledOf.get(outgoing);
  if (!unsettled) return;
  // rhea writes by id, and a peer expects no gap: what waits behind moves up.
  let id = outgoing.next_pending_delivery;
  for (const delivery of [...unsettled.values()]) {
    const isPending = delivery.id >= outgoing.next_pending_delivery;
    if (isPending || delivery.link === link) unsettled.delete(delivery.id);
    if (!isPending) continue;
    if (delivery.link !== link) {
      delivery.id = id;
      unsettled.set(id, delivery);
      id += 1;
    } else if (delivery.next_to_send > 0) {
      // Parts of it were written, so its id is used up. Only the first that is pending can be one.
      id += 1;
      outgoing.next_pending_delivery = id;
    }
  }
  outgoing.next_delivery_id = id;
}

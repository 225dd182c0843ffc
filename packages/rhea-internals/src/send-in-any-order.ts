import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';
import type { RawDelivery, RawOutgoing } from './raw.ts';

const prepared = new WeakSet<RawOutgoing>();

/**
 * Lets what a session sends be settled in any order. rhea gives back the room of a delivery when those before it are settled: one that
 * a consumer keeps would stop everything on its session, 2,048 deliveries later.
 */
export function sendInAnyOrder(session: rhea.Session): void {
  const { outgoing } = internalsOf(session);
  if (prepared.has(outgoing)) return;
  prepared.add(outgoing);
  const { capacity } = outgoing.deliveries;
  const unsettled = new Map<number, RawDelivery>();
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

import type rhea from 'rhea';

interface RawDelivery {
  readonly id: number;
}

/** What rhea keeps of deliveries that are not settled. */
interface Deliveries {
  available(): number;
  push(delivery: RawDelivery): void;
  pop_if(): number;
  by_id(id: number): RawDelivery | undefined;
}

interface RawIncoming {
  deliveries: Deliveries & { readonly capacity: number };
  update(delivery: RawDelivery, settled: boolean, state?: unknown): void;
  on_transfer(frame: unknown, receiver: RawReceiver): void;
}

interface RawReceiver {
  readonly delivery_count: number;
  readonly _incomplete?: RawDelivery;
}

/** Told of a delivery whose bytes are no message. */
export type OnUndecodable = (delivery: rhea.Delivery, error: unknown) => void;

const listeners = new WeakMap<object, OnUndecodable>();
const prepared = new WeakSet<RawIncoming>();

/**
 * Lets a session settle what it receives in any order, and outlive what cannot be decoded.
 *
 * rhea gives back the room of a delivery when those before it are settled: one that is held would stop the whole session 2,048
 * deliveries later. And it throws where a message is malformed, which costs the connection, over and over: the network sends the
 * message again.
 */
export function receiveInAnyOrder(receiver: rhea.Receiver, onUndecodable: OnUndecodable): void {
  listeners.set(receiver, onUndecodable);
  const { incoming } = receiver.session as unknown as { readonly incoming: RawIncoming };
  if (prepared.has(incoming)) return;
  prepared.add(incoming);
  const { capacity } = incoming.deliveries;
  const unsettled = new Map<number, RawDelivery>();
  let latest: RawDelivery | undefined;
  incoming.deliveries = {
    capacity,
    available: () => capacity - unsettled.size,
    push(delivery) {
      if (unsettled.size >= capacity) throw new Error('more deliveries than the session window allows');
      unsettled.set(delivery.id, delivery);
      latest = delivery;
    },
    // They go when they are settled.
    pop_if: () => 0,
    by_id: (id) => unsettled.get(id),
  };
  const update = incoming.update.bind(incoming);
  incoming.update = (delivery, settled, state) => {
    update(delivery, settled, state);
    if (settled) unsettled.delete(delivery.id);
  };
  const take = incoming.on_transfer.bind(incoming);
  incoming.on_transfer = (frame, link) => {
    const { delivery_count: before, _incomplete: begun } = link;
    try {
      take(frame, link);
    } catch (error) {
      // A delivery that counts was whole: what failed is reading it. Anything else broke the protocol.
      const delivery = begun ?? latest;
      const told = listeners.get(link);
      if (link.delivery_count === before || !delivery || !told) throw error;
      told(delivery as unknown as rhea.Delivery, error);
    }
  };
}

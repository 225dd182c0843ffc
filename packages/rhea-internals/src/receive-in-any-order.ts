import type rhea from 'rhea';
import { asDelivery, internalsOf } from './internals-of.ts';
import type { RawIncoming, RawReceived } from './raw.ts';

/** Called with a delivery whose bytes are no message. */
type OnUndecodable = (delivery: rhea.Delivery, error: unknown) => void;

const listeners = new WeakMap<object, OnUndecodable>();
/** What sessions have received and not settled, by delivery id. */
const unsettledOf = new WeakMap<RawIncoming, Map<number, RawReceived>>();

/**
 * Lets a session settle what it receives in any order, and outlive what cannot be decoded.
 *
 * rhea gives back the room of a delivery when those before it are settled: one that is held would stop the whole session 2,048
 * deliveries later. And it throws where a message is malformed, which costs the connection, over and over: the network sends the
 * message again.
 *
 * What a link that the peer detached has not settled is forgotten: it cannot be settled any more, and its room would be lost.
 */
export function receiveInAnyOrder(receiver: rhea.Receiver, onUndecodable: OnUndecodable): void {
  listeners.set(receiver, onUndecodable);
  const { incoming, connection } = internalsOf(receiver.session);
  const unsettled = unsettledOf.get(incoming) ?? prepare(incoming);
  receiver.on('receiver_close', () => {
    const link = internalsOf(receiver);
    for (const [id, delivery] of unsettled) if (delivery.link === link) unsettled.delete(id);
    // The peer hears of the room only when something is written.
    connection._register();
  });
}

function prepare(incoming: RawIncoming): Map<number, RawReceived> {
  const { capacity } = incoming.deliveries;
  const unsettled = new Map<number, RawReceived>();
  unsettledOf.set(incoming, unsettled);
  let latest: RawReceived | undefined;
  incoming.deliveries = {
    capacity,
    available: () => capacity - unsettled.size,
    push(delivery) {
      if (unsettled.size >= capacity) throw new Error('more deliveries than the session window allows');
      unsettled.set(delivery.id, delivery);
      latest = delivery;
    },
    // They are deleted when they are settled.
    pop_if: () => 0,
    by_id: (id) => unsettled.get(id),
    get_head: () => unsettled.values().next().value,
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
      // Where the delivery count went up, the delivery was whole and could not be decoded. Anything else broke the protocol.
      const delivery = begun ?? latest;
      const told = listeners.get(link);
      if (link.delivery_count === before || !delivery || !told) throw error;
      told(asDelivery(delivery), error);
    }
  };
  return unsettled;
}

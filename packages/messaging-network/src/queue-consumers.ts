import type rhea from 'rhea';
import type { Queued } from './message-order.ts';

/** The links that consume one queue, and the messages that each of them has not settled. */
export interface QueueConsumers {
  readonly size: number;
  add(link: rhea.Sender): void;
  /** Returns what the link had not settled; `undefined`: it does not consume this queue. */
  remove(link: rhea.Sender): readonly Queued[] | undefined;
  /** The links in the order in which they are served: the one that got the latest message is last. */
  inTurn(): readonly rhea.Sender[];
  /** The link gets a message now: it is served last next time. */
  takesTurn(link: rhea.Sender): void;
  sent(link: rhea.Sender, delivery: rhea.Delivery, message: Queued): void;
  /** The message of a delivery that is settled; `undefined`: it came from another queue. */
  settle(link: rhea.Sender, delivery: rhea.Delivery): Queued | undefined;
}

export function createQueueConsumers(): QueueConsumers {
  const unsettledByLink = new Map<rhea.Sender, Map<rhea.Delivery, Queued>>();
  return {
    get size() {
      return unsettledByLink.size;
    },
    add(link) {
      unsettledByLink.set(link, new Map());
    },
    remove(link) {
      const unsettled = unsettledByLink.get(link);
      unsettledByLink.delete(link);
      return unsettled && [...unsettled.values()];
    },
    inTurn: () => [...unsettledByLink.keys()],
    takesTurn(link) {
      const unsettled = unsettledByLink.get(link);
      if (!unsettled) return;
      unsettledByLink.delete(link);
      unsettledByLink.set(link, unsettled);
    },
    sent(link, delivery, message) {
      unsettledByLink.get(link)?.set(delivery, message);
    },
    settle(link, delivery) {
      const unsettled = unsettledByLink.get(link);
      const message = unsettled?.get(delivery);
      unsettled?.delete(delivery);
      return message;
    },
  };
}

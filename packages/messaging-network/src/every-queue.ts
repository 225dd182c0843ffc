import type rhea from 'rhea';
import type { EventQueue } from './event-queue.ts';
import type { Consumption } from './consumption.ts';

/** The queues of all tenants, for consumers of all of them. Each queue keeps its order; there is no order between queues. */
export interface EveryQueue {
  /** A queue was made: consumers of all queues consume it too. */
  add(queue: EventQueue): void;
  consume(link: rhea.Sender): Consumption;
}

export function createEveryQueue(): EveryQueue {
  const queues = new Set<EventQueue>();
  const links = new Set<rhea.Sender>();
  return {
    add(queue) {
      queues.add(queue);
      for (const link of links) queue.addConsumer(link);
    },
    consume(link) {
      links.add(link);
      for (const queue of queues) queue.addConsumer(link);
      return {
        kick() {
          for (const queue of queues) queue.kick();
        },
        // Only the queue that sent the delivery knows it.
        settled(delivery, keep) {
          for (const queue of queues) queue.settled(delivery, link, keep);
        },
        end() {
          links.delete(link);
          for (const queue of queues) queue.removeConsumer(link);
        },
      };
    },
  };
}

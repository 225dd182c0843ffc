import type rhea from 'rhea';
import type { EventQueue } from './event-queue.ts';
import type { Consumption } from './consumption.ts';

/** The queues of all tenants, for consumers that want all of them. A queue keeps its order; between queues there is none. */
export interface EveryQueue {
  /** A queue came into being: who consumes all consumes it too. */
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
        // Only the queue that it came from knows the delivery.
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

import type { Clock, Log } from '@rollcall/core/environment';
import type rhea from 'rhea';
import { everyTenant, parseAddress, queueName, type QueueAddress } from './addresses.ts';
import type { Consumption } from './consumption.ts';
import { createEventQueue, type EventQueue, type EventQueueOptions } from './event-queue.ts';
import { createEveryQueue } from './every-queue.ts';
import type { Store } from './store.ts';

export interface QueuesOptions {
  readonly store: Store;
  readonly maxQueueMessages: number;
  /** Queues of tenants, and as many subscriptions. */
  readonly maxQueues: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface QueueStats {
  readonly name: string;
  /** Messages that wait, or are with consumers. */
  readonly depth: number;
  /** Messages that were dropped because the queue was full. */
  readonly dropped: number;
  /** Messages that were dropped because they had expired. */
  readonly expired: number;
}

/** The queues of events: one for each tenant, and one for each subscription. Those that the store has are there from the start. */
export interface Queues {
  /** The queues that an event of this tenant goes to; `undefined`: there are too many queues. */
  forEventsOf(tenant: string): readonly EventQueue[] | undefined;
  /**
   * @param temporary whether a subscription that is made now is in memory only, and ends with its last consumer.
   * @returns `undefined` when there are too many queues.
   */
  consume(address: QueueAddress, link: rhea.Sender, temporary: boolean): Consumption | undefined;
  consumeEvery(link: rhea.Sender): Consumption;
  stats(): readonly QueueStats[];
  close(): void;
}

export function createQueues(options: QueuesOptions): Queues {
  return new QueuesByName(options);
}

class QueuesByName implements Queues {
  readonly #options: QueuesOptions;
  readonly #queues = new Map<string, EventQueue>();
  /** Counted apart: forgotten subscriptions must not keep a tenant from having its queue. */
  readonly #counts = { event: 0, subscription: 0 };
  /** By tenant, and by {@link everyTenant}. */
  readonly #subscriptions = new Map<string, Set<EventQueue>>();
  readonly #temporary = new Set<EventQueue>();
  readonly #everyQueue = createEveryQueue();

  constructor(options: QueuesOptions) {
    this.#options = options;
    for (const { name, messages } of options.store.load()) {
      const address = parseAddress(name);
      if (address?.kind === 'event' || address?.kind === 'subscription')
        this.#create(address, { store: options.store, messages });
    }
  }

  forEventsOf(tenant: string): readonly EventQueue[] | undefined {
    const shared = this.#find({ kind: 'event', tenant }, false);
    return shared && [shared, ...this.#subscriptionsOf(tenant), ...this.#subscriptionsOf(everyTenant)];
  }

  consume(address: QueueAddress, link: rhea.Sender, temporary: boolean): Consumption | undefined {
    const queue = this.#find(address, temporary);
    if (!queue) return undefined;
    queue.addConsumer(link);
    return {
      kick: () => queue.kick(),
      settled: (delivery, keep) => queue.settled(delivery, link, keep),
      end: () => {
        queue.removeConsumer(link);
        if (this.#temporary.has(queue) && queue.consumers === 0) this.#remove(queue, address);
      },
    };
  }

  consumeEvery(link: rhea.Sender): Consumption {
    return this.#everyQueue.consume(link);
  }

  stats(): readonly QueueStats[] {
    return [...this.#queues.values()].map(({ name, depth, dropped, expired }) => ({
      name,
      depth,
      dropped,
      expired,
    }));
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  #subscriptionsOf(tenant: string): Iterable<EventQueue> {
    return this.#subscriptions.get(tenant) ?? [];
  }

  /** The queue of this address, which is made when there is none. */
  #find(address: QueueAddress, temporary: boolean): EventQueue | undefined {
    const { store, maxQueues } = this.#options;
    const name = queueName(address);
    const existing = this.#queues.get(name);
    if (existing) return existing;
    if (this.#counts[address.kind] >= maxQueues) return undefined;
    if (!temporary) {
      store.createQueue(name);
      return this.#create(address, { store });
    }
    const queue = this.#create(address, {});
    this.#temporary.add(queue);
    return queue;
  }

  #create(address: QueueAddress, kept: Pick<EventQueueOptions, 'store' | 'messages'>): EventQueue {
    const { maxQueueMessages: maxMessages, clock, log } = this.#options;
    const queue = createEventQueue({ name: queueName(address), maxMessages, clock, log, ...kept });
    this.#queues.set(queue.name, queue);
    this.#counts[address.kind] += 1;
    if (address.kind === 'event') {
      this.#everyQueue.add(queue);
    } else {
      const ofTenant = this.#subscriptions.get(address.tenant) ?? new Set();
      this.#subscriptions.set(address.tenant, ofTenant.add(queue));
    }
    return queue;
  }

  #remove(queue: EventQueue, address: QueueAddress): void {
    queue.close();
    this.#temporary.delete(queue);
    this.#queues.delete(queue.name);
    this.#counts[address.kind] -= 1;
    const ofTenant = this.#subscriptions.get(address.tenant);
    ofTenant?.delete(queue);
    if (ofTenant?.size === 0) this.#subscriptions.delete(address.tenant);
  }
}

import type { Verdict } from '@rollcall/rhea-internals';
import type { Clock, Log } from '@rollcall/core';
import type rhea from 'rhea';
import {
  everyTenant,
  parseAddress,
  queueName,
  type Address,
  type QueueAddress,
  type Target,
} from './addresses.ts';
import { createEveryQueue } from './every-queue.ts';
import { createEventQueue, type EventQueue } from './event-queue.ts';
import { onBehalfOf } from './link-peer.ts';
import { capacityOf, creditOf, forward } from './outgoing-link.ts';
import type { Store } from './store.ts';

export interface ExchangeOptions {
  readonly store: Store;
  readonly maxQueueMessages: number;
  /** Queues of tenants, and as many subscriptions. */
  readonly maxQueues: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Producers may get credit, where they could not. */
  onRoom(): void;
}

export interface QueueStats {
  readonly name: string;
  /** Messages that wait, or are with consumers. */
  readonly depth: number;
  /** Messages that went for want of room. */
  readonly dropped: number;
  /** Messages that went since their time was over. */
  readonly expired: number;
}

/** A message as it came. */
interface Published {
  readonly payload: Buffer;
  /** Wall-clock milliseconds; `undefined`: never. */
  readonly expiresAt: number | undefined;
}

/** What goes where: queues of events, subscriptions beside them, and telemetry for whoever listens. */
export interface Exchange {
  /** Credit that a producer of this address may have in all. */
  producerCredit(address: Target, window: number): number;
  publish(address: Target, message: Published, settle: (verdict: Verdict) => void): void;
  /** `undefined` where there are too many queues. The result ends the consumption. */
  consume(address: Address, link: rhea.Sender, temporary: boolean): Consumption | undefined;
  stats(): readonly QueueStats[];
  close(): void;
}

export interface Consumption {
  /** The link has credit. */
  kick(): void;
  settled(delivery: rhea.Delivery, keep: boolean): void;
  end(): void;
}

const tooManyQueues: Verdict = {
  kind: 'rejected',
  condition: 'amqp:resource-limit-exceeded',
  description: 'too many queues',
};

export function createExchange(options: ExchangeOptions): Exchange {
  const { store, maxQueueMessages, clock, log } = options;
  const queues = new Map<string, EventQueue>();
  /** Subscriptions that nobody wants any more must not keep a tenant from having its queue. */
  const counts = { event: 0, subscription: 0 };
  const everywhere = createEveryQueue();
  /** Names of the subscriptions of each tenant, and of all. */
  const subscriptions = new Map<string, Set<string>>();
  const listeners = new Map<string, Set<rhea.Sender>>();
  /** Names of the subscriptions that go with their links. */
  const temporaries = new Set<string>();

  function createQueue(
    address: QueueAddress,
    temporary: boolean,
    messages: Parameters<typeof createEventQueue>[0]['messages'],
  ): EventQueue {
    const name = queueName(address);
    const own = address.kind === 'subscription';
    const queue = createEventQueue({
      name,
      maxMessages: maxQueueMessages,
      clock,
      log,
      ...(!temporary && { store }),
      ...(messages && { messages }),
    });
    queues.set(name, queue);
    counts[address.kind] += 1;
    if (!own) everywhere.add(queue);
    if (own) {
      const names = subscriptions.get(address.tenant) ?? new Set();
      subscriptions.set(address.tenant, names.add(name));
    }
    return queue;
  }

  function queueFor(address: QueueAddress, temporary = false): EventQueue | undefined {
    const name = queueName(address);
    const existing = queues.get(name);
    if (existing) return existing;
    const { kind } = address;
    if (counts[kind] >= options.maxQueues) return undefined;
    if (temporary) temporaries.add(name);
    else store.createQueue(name);
    return createQueue(address, temporary, undefined);
  }

  function subscriptionsOf(tenant: string): readonly EventQueue[] {
    return [...(subscriptions.get(tenant) ?? []), ...(subscriptions.get(everyTenant) ?? [])]
      .map((name) => queues.get(name))
      .filter((queue) => queue !== undefined);
  }

  function publishEvent(
    tenant: string,
    { payload, expiresAt }: Published,
    settle: (verdict: Verdict) => void,
  ): void {
    const shared = queueFor({ kind: 'event', tenant });
    if (!shared) return settle(tooManyQueues);
    const targets = [shared, ...subscriptionsOf(tenant)];
    // rhea hands out views of its read buffer: they must not be kept.
    const kept = Buffer.from(payload);
    let remaining = targets.length;
    let failure: Error | undefined;
    for (const target of targets)
      target.publish(kept, expiresAt, (error) => {
        failure ??= error;
        remaining -= 1;
        if (remaining > 0) return;
        if (failure) log.error({ err: failure, tenant }, 'event could not be written');
        settle(
          failure
            ? {
                kind: 'rejected',
                condition: 'amqp:internal-error',
                description: 'event could not be written',
              }
            : { kind: 'accepted' },
        );
      });
    return undefined;
  }

  function publishTelemetry(
    tenant: string,
    { payload }: Published,
    settle: (verdict: Verdict) => void,
  ): void {
    let received = false;
    for (const link of listeners.get(tenant) ?? []) {
      if (capacityOf(link) <= 0) continue;
      received = onBehalfOf(link, () => void forward(link, Buffer.from(payload), true)) || received;
    }
    settle({ kind: received ? 'accepted' : 'released' });
  }

  for (const { name, messages } of store.load()) {
    const address = parseAddress(name);
    if (address?.kind === 'event' || address?.kind === 'subscription') createQueue(address, false, messages);
  }

  return {
    producerCredit(address, window) {
      if (address.kind === 'telemetry')
        return Math.min(window, Math.max(0, ...[...(listeners.get(address.tenant) ?? [])].map(creditOf)));
      return window;
    },
    publish(address, message, settle) {
      if (address.kind === 'telemetry') publishTelemetry(address.tenant, message, settle);
      else publishEvent(address.tenant, message, settle);
    },
    consume(address, link, temporary) {
      if (address.kind === 'telemetry') {
        const links = listeners.get(address.tenant) ?? new Set();
        listeners.set(address.tenant, links.add(link));
        return {
          kick: options.onRoom,
          settled() {},
          end() {
            links.delete(link);
            if (links.size === 0 && listeners.get(address.tenant) === links) listeners.delete(address.tenant);
          },
        };
      }
      if (address.kind === 'every-event') return everywhere.consume(link);
      const queue = queueFor(address, temporary);
      if (!queue) return undefined;
      queue.addConsumer(link);
      return {
        kick: () => queue.kick(),
        settled: (delivery, keep) => queue.settled(delivery, link, keep),
        end() {
          queue.removeConsumer(link);
          // A durable subscription of this name stays, and so does a temporary one that others consume.
          if (!temporaries.has(queue.name) || queue.consumers > 0) return;
          temporaries.delete(queue.name);
          queue.close();
          counts.subscription -= 1;
          queues.delete(queue.name);
          subscriptions.get(address.tenant)?.delete(queue.name);
        },
      };
    },
    stats: () =>
      [...queues.values()].map(({ name, depth, dropped, expired }) => ({ name, depth, dropped, expired })),
    close() {
      for (const queue of queues.values()) queue.close();
    },
  };
}

import { systemClock, type Clock, type Log } from '@rollcall/core/environment';
import { boundDispositions, checkRhea, internalsOf, silence } from '@rollcall/rhea-internals';
import { keepRawMessages } from '@rollcall/rhea-internals/server';
import rhea from 'rhea';
import { createConsumers } from './consumers.ts';
import { createExchange } from './exchange.ts';
import { listenForPeers } from './listen-for-peers.ts';
import { createProducers } from './producers.ts';
import type { QueueStats } from './queues.ts';
import { serveLinks } from './serve-links.ts';
import { openStore } from './store.ts';

export interface MessagingNetworkOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where events are kept until they are consumed. */
  readonly dataDir: string;
  readonly log: Log;
  /** The time by which messages expire. Default: that of the system. */
  readonly clock?: Clock;
  /** Messages that a queue keeps; default 10,000. When there are more, the oldest are dropped. */
  readonly maxQueueMessages?: number;
  /** Queues at most, and as many subscriptions; default 1,000. */
  readonly maxQueues?: number;
  /** The time-out in our open. A peer must send something within half of it. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /** Network connections at most; default 1,000. */
  readonly maxConnections?: number;
}

export interface MessagingNetwork {
  readonly host: string;
  readonly port: number;
  stats(): readonly QueueStats[];
  close(): Promise<void>;
}

/**
 * Starts an AMQP 1.0 messaging network for development and tests. It accepts every password.
 *
 * @throws TransportError where the port is taken, or the data directory cannot be used.
 */
export async function startMessagingNetwork(options: MessagingNetworkOptions): Promise<MessagingNetwork> {
  const { host = '127.0.0.1', port, log, clock = systemClock } = options;
  checkRhea();
  keepRawMessages();
  const store = openStore(options.dataDir, { clock, log });
  const exchange = createExchange({
    store,
    clock,
    log,
    maxQueueMessages: options.maxQueueMessages ?? 10_000,
    maxQueues: options.maxQueues ?? 1_000,
    onRoom: () => producers.grantCreditSoon(),
  });
  const producers = createProducers(exchange);
  const container = createContainer();
  serveLinks(container, { exchange, producers, consumers: createConsumers(), clock });

  function closeQueues(): void {
    exchange.close();
    store.close();
  }

  const listener = await listenForPeers({
    container,
    host,
    port,
    maxConnections: options.maxConnections ?? 1_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 60_000,
    clock: systemClock,
    log,
  }).catch((error: unknown) => {
    closeQueues();
    throw error;
  });
  log.warn(
    { host, port: listener.port },
    'this messaging network is for development and tests: it accepts every password',
  );

  return {
    host,
    port: listener.port,
    stats: () => exchange.stats(),
    async close() {
      await listener.close();
      closeQueues();
    },
  };
}

/** rhea's end of all connections. It accepts every name and password. */
function createContainer(): rhea.Container {
  const container = rhea.create_container({ id: 'rollcall-messaging-network' });
  silence(container);
  boundDispositions();
  const mechanisms = internalsOf(container).sasl_server_mechanisms;
  mechanisms.enable_plain(() => true);
  mechanisms.enable_anonymous();
  return container;
}

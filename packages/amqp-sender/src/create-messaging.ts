import type { Messaging } from '@rollcall/messaging-module';
import { createAmqpConnection, type AmqpConnectionOptions } from '@rollcall/amqp-connection';
import { createDeviceDataSender } from './device-data-sender.ts';
import { createEventsSink } from './events-sink.ts';
import type { NetworkChoice } from './messaging-network.ts';
import { resolveNetwork } from './resolve-network.ts';

export interface MessagingOptions extends AmqpConnectionOptions {
  /** Longest wait for the outcome of a message. */
  readonly sendTimeoutMs: number;
  /** Default: that of Eclipse Hono. */
  readonly network?: NetworkChoice;
}

/** No device waits for a connection event: sending it 5 ms later costs much less (`docs/benchmarks.md`). */
const eventsGatherMs = 5;

/**
 * Everything an adapter sends to the messaging network: one connection for each role, as in Hono.
 *
 * @throws ConfigError if the options are certain to lose events.
 */
export function createMessaging(options: MessagingOptions): Messaging {
  const { containerName, sendTimeoutMs, linkTimeoutMs = 1_000 } = options;
  const network = resolveNetwork(options.network ?? { name: 'hono' }, options.log);
  const connect = (role: string) =>
    createAmqpConnection({ ...options, role, containerName: `${containerName}-${role}` });
  return {
    eventsSink: () =>
      createEventsSink({ connection: connect('events'), network, sendTimeoutMs, gatherMs: eventsGatherMs }),
    sender: createDeviceDataSender({
      connection: connect('downstream'),
      random: options.random,
      network,
      sendTimeoutMs,
      creditWaitMs: linkTimeoutMs,
    }),
  };
}

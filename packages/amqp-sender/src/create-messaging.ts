import { createAmqpConnection, type AmqpConnectionOptions } from '@rollcall/amqp-connection';
import type { DeviceDataSender, EventSink } from '@rollcall/core';
import { createDeviceDataSender } from './device-data-sender.ts';
import { createEventsSink } from './events-sink.ts';

export interface MessagingOptions extends AmqpConnectionOptions {
  /** Longest wait for the outcome of a message. */
  readonly sendTimeoutMs: number;
}

export interface Messaging {
  /** The sink for the Events API, on a connection of its own, which is opened with it. */
  eventsSink(): EventSink;
  readonly sender: DeviceDataSender;
}

/** Nobody waits for a connection event: a moment later is soon enough, and costs much less (`docs/benchmarks.md`). */
const eventsGatherMs = 5;

/** Everything an adapter sends to the messaging network: one connection for each role, as in Hono. */
export function createMessaging(options: MessagingOptions): Messaging {
  const { containerName, sendTimeoutMs, linkTimeoutMs = 1_000 } = options;
  const connect = (role: string) =>
    createAmqpConnection({ ...options, containerName: `${containerName}-${role}` });
  return {
    eventsSink: () =>
      createEventsSink({ connection: connect('events'), sendTimeoutMs, gatherMs: eventsGatherMs }),
    sender: createDeviceDataSender({
      connection: connect('downstream'),
      sendTimeoutMs,
      creditWaitMs: linkTimeoutMs,
    }),
  };
}

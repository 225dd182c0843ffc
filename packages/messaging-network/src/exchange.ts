import type { Verdict } from '@rollcall/rhea-internals';
import type { Log } from '@rollcall/core/environment';
import type rhea from 'rhea';
import type { Address, Target } from './addresses.ts';
import type { Consumption } from './consumption.ts';
import { createQueues, type QueuesOptions, type QueueStats } from './queues.ts';
import { createTelemetry } from './telemetry.ts';

export interface ExchangeOptions extends QueuesOptions {
  /** A consumer of telemetry has room: producers that had no credit may get some. */
  onRoom(): void;
}

/** A message as a producer sent it. */
interface Published {
  readonly payload: Buffer;
  /** Wall-clock milliseconds; `undefined`: never. */
  readonly expiresAt: number | undefined;
}

/** Decides where a message goes: an event to queues, telemetry and notifications to the consumers that are attached. */
export interface Exchange {
  /** Credit that a producer of this address may have in all. */
  producerCredit(address: Target, window: number): number;
  publish(address: Target, message: Published, settle: (verdict: Verdict) => void): void;
  /**
   * @param temporary whether a subscription that is made now ends with its last consumer.
   * @returns `undefined` when there are too many queues.
   */
  consume(address: Address, link: rhea.Sender, temporary: boolean): Consumption | undefined;
  stats(): readonly QueueStats[];
  close(): void;
}

const tooManyQueues: Verdict = {
  kind: 'rejected',
  condition: 'amqp:resource-limit-exceeded',
  description: 'too many queues',
};

const notWritten: Verdict = {
  kind: 'rejected',
  condition: 'amqp:internal-error',
  description: 'event could not be written',
};

export function createExchange(options: ExchangeOptions): Exchange {
  const { log, onRoom } = options;
  const queues = createQueues(options);
  const telemetry = createTelemetry();
  const notifications = createTelemetry();

  function publishEvent(
    tenant: string,
    { payload, expiresAt }: Published,
    settle: (verdict: Verdict) => void,
  ): void {
    const targets = queues.forEventsOf(tenant);
    if (!targets) {
      settle(tooManyQueues);
      return;
    }
    // rhea hands out views of its read buffer, which must not be kept.
    const kept = Buffer.from(payload);
    const done = afterAll(targets.length, (failure) => settle(verdictOf(failure, tenant, log)));
    for (const target of targets) target.publish(kept, expiresAt, done);
  }

  return {
    producerCredit(address, window) {
      switch (address.kind) {
        case 'telemetry':
          return Math.min(window, telemetry.consumerCredit(address.tenant));
        case 'notification':
          return Math.min(window, notifications.consumerCredit(address.topic));
        default:
          return window;
      }
    },
    publish(address, message, settle) {
      switch (address.kind) {
        case 'telemetry':
          return settle(telemetry.publish(address.tenant, message.payload));
        case 'notification':
          return settle(notifications.publish(address.topic, message.payload));
        default:
          return publishEvent(address.tenant, message, settle);
      }
    },
    consume(address, link, temporary) {
      switch (address.kind) {
        case 'telemetry':
          return telemetry.consume(address.tenant, link, onRoom);
        case 'notification':
          return notifications.consume(address.topic, link, onRoom);
        case 'every-event':
          return queues.consumeEvery(link);
        default:
          return queues.consume(address, link, temporary);
      }
    },
    stats: () => queues.stats(),
    close: () => queues.close(),
  };
}

/** Returns a function. Its `count`th call calls `done`, with the first error that it got. */
function afterAll(count: number, done: (failure: Error | undefined) => void): (error?: Error) => void {
  let remaining = count;
  let failure: Error | undefined;
  return (error) => {
    failure ??= error;
    remaining -= 1;
    if (remaining === 0) done(failure);
  };
}

function verdictOf(failure: Error | undefined, tenant: string, log: Log): Verdict {
  if (!failure) return { kind: 'accepted' };
  log.error({ err: failure, tenant }, 'event could not be written');
  return notWritten;
}

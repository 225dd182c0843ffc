import type { AmqpConnection } from '@rollcall/amqp-connection';
import type { SendOutcome } from '@rollcall/amqp-connection/links';
import { TransportError } from '@rollcall/core';
import type { Delivery, EventSink } from '@rollcall/core/sink';
import { encodeEvent } from '@rollcall/hono-wire';
import type { NetworkOptions } from './messaging-network.ts';
import { createNetworkLinks } from './network-links.ts';
import { networkPresets } from './network-presets.ts';

export interface EventsSinkOptions {
  readonly connection: AmqpConnection;
  /** Default: that of Eclipse Hono. */
  readonly network?: NetworkOptions;
  /** Longest wait for credit, and then for the outcome, of one event. */
  readonly sendTimeoutMs: number;
  /** See `SenderOptions`. */
  readonly gatherMs?: number;
}

/**
 * Connection events to the Events API. Durable messages, one verdict per event; an event that is not confirmed is `retryable`,
 * and only the kit sends it again.
 */
export function createEventsSink(options: EventsSinkOptions): EventSink {
  const { connection, sendTimeoutMs, network = networkPresets.hono } = options;
  const links = createNetworkLinks(connection, network, {
    creditWaitMs: sendTimeoutMs,
    outcomeTimeoutMs: sendTimeoutMs,
    onReachable() {
      for (const listener of listeners) listener();
    },
    ...(options.gatherMs !== undefined && { gatherMs: options.gatherMs }),
  });
  const listeners = new Set<() => void>();
  let closed = false;

  return {
    name: 'events',
    deliver: ({ event, downstream, announcement = false }, signal) =>
      new Promise((resolve) => {
        if (closed) return resolve(retryable('sink is closed'));
        let message: Uint8Array;
        try {
          message = encodeEvent(event, downstream, { announcement });
        } catch (error) {
          return resolve({ status: 'refused', cause: error as Error });
        }
        return links.submit('event', event.device, message, { signal }, (told) => resolve(verdict(told)));
      }),
    connected: () => connection.connected(),
    onReachable(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (closed) return;
      closed = true;
      await links.close();
      await connection.close();
    },
  };
}

/** Rejections that say "not now": the network, not the event, is at fault. */
const passingConditions: ReadonlySet<string> = new Set([
  'amqp:resource-limit-exceeded',
  'amqp:internal-error',
]);

function verdict(outcome: SendOutcome): Delivery {
  switch (outcome.status) {
    case 'accepted':
      return { status: 'delivered' };
    case 'rejected': {
      const cause = new TransportError(
        `rejected: ${outcome.condition ?? 'no condition'} ${outcome.description ?? ''}`.trim(),
      );
      return { status: passingConditions.has(outcome.condition ?? '') ? 'retryable' : 'refused', cause };
    }
    case 'modified':
      return outcome.undeliverableHere
        ? { status: 'refused', cause: new TransportError('modified: undeliverable here') }
        : retryable('modified');
    case 'attach-refused': {
      const { condition = '', description = '', unanswered = false } = outcome;
      const cause = new TransportError(`link refused: ${condition} ${description}`.trim());
      return { status: 'retryable', cause, ...(unanswered && { unreachable: true }) };
    }
    case 'unsettled':
      return outcome.outcome === 'accepted'
        ? { status: 'delivered' }
        : retryable(`${outcome.outcome}, not settled`);
    case 'released':
    case 'settled-without-outcome':
    case 'aborted':
      return retryable(outcome.status);
    case 'no-credit':
    case 'timeout':
    case 'disconnected':
      return { status: 'retryable', cause: new TransportError(outcome.status), unreachable: true };
    default:
      return outcome satisfies never;
  }
}

function retryable(why: string): Delivery {
  return { status: 'retryable', cause: new TransportError(why) };
}

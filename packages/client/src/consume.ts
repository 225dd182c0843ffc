import { randomUUID } from 'node:crypto';
import {
  createAmqpConnection,
  urlOptions,
  type AmqpConnectionOptions,
  type TerminusOptions,
} from '@rollcall/amqp-connection';
import {
  silentLog,
  systemClock,
  systemRandom,
  TransportError,
  type Clock,
  type Log,
  type Random,
} from '@rollcall/core';
import {
  decodeEvent,
  type HonoConnectionEvent,
  type ReceivedEvent,
  type UnrecognizedMessage,
} from '@rollcall/core/wire';

export interface ConsumeOptions {
  /** `amqp://host:port` or `amqps://…`; may hold user name and password, percent-encoded. */
  readonly url: string;
  /** Instead of those in the URL. */
  readonly username?: string;
  readonly password?: string;
  readonly tenant: string;
  /**
   * Name of an own subscription, on networks that know `address::name`: every application then gets every event.
   * Without it the tenant's queue is shared with all other consumers, and pairs are split among them.
   */
  readonly application?: string;
  /** A subscription that goes with this consumer: nothing is kept for it, and nothing taken from others. */
  readonly temporary?: boolean;
  /** Replaces the address made of tenant and application. */
  readonly address?: string;
  /** What is asked of the address, e.g. `{ durable: 2 }` by RabbitMQ 3, whose queues are as durable as who made them. */
  readonly source?: TerminusOptions;
  /** Events that may be in the handler at a time; default 100. */
  readonly credit?: number;
  /** PEM of the certificate authorities to trust, for `amqps`. */
  readonly ca?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** Handles one event. It is confirmed once this returns; given back, to come again, where this throws. */
  onEvent(event: ReceivedEvent): void | Promise<void>;
  /** Told of messages that are not our events: data of devices, connection events of other Hono adapters. */
  onOther?(message: HonoConnectionEvent | UnrecognizedMessage): void | Promise<void>;
  /** Told whenever events can begin to arrive, and whenever they no longer can. */
  onStateChange?(attached: boolean, cause?: string): void;
}

export interface EventConsumer {
  /** Resolves once events can arrive for the first time; rejects where the consumer is closed before. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Consumes a tenant's connection events, reconnecting for ever. */
export function consume(options: ConsumeOptions): EventConsumer {
  const connection = createAmqpConnection({
    ...connectionOptions(options),
    containerName: 'rollcall-client',
  });
  const { promise: ready, resolve: markReady, reject: markClosed } = Promise.withResolvers<void>();
  // Nobody needs to wait for it.
  ready.catch(() => {});
  const receiver = connection.openReceiver(addressOf(options), {
    credit: options.credit ?? 100,
    temporary: options.temporary ?? false,
    ...(options.source && { source: options.source }),
    async onMessage(message) {
      const event = decodeEvent(message);
      if (event.type === 'connected' || event.type === 'disconnected') await options.onEvent(event);
      else await options.onOther?.(event);
      return 'accepted';
    },
    onStateChange(attached, cause) {
      if (attached) markReady();
      options.onStateChange?.(attached, cause);
    },
  });
  return {
    ready,
    async close() {
      await receiver.close();
      await connection.close();
      markClosed(new TransportError('consumer is closed'));
    },
  };
}

function addressOf({ tenant, application, temporary, address }: ConsumeOptions): string {
  if (address !== undefined) return address;
  const name = application ?? (temporary === true ? `temporary-${randomUUID()}` : undefined);
  return name === undefined ? `event/${tenant}` : `event/${tenant}::${name}`;
}

function connectionOptions(options: ConsumeOptions): Omit<AmqpConnectionOptions, 'containerName'> {
  const { username, password, ca } = options;
  const { tls, ...address } = urlOptions(options.url);
  return {
    ...address,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    log: options.log ?? silentLog,
    ...(username !== undefined && username !== '' && { username }),
    ...(password !== undefined && password !== '' && { password }),
    ...(tls && { tls: { ...tls, ...(ca !== undefined && { ca }) } }),
  };
}

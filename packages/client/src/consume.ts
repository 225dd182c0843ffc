import { randomUUID } from 'node:crypto';
import { createAmqpConnection, urlOptions, type AmqpConnectionOptions } from '@rollcall/amqp-connection';
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
import { eventSources, type SourceChoice } from './event-sources.ts';
import { openTogether } from './open-together.ts';

export interface ConsumeOptions extends SourceChoice {
  /** `amqp://host:port` or `amqps://…`; may hold user name and password, percent-encoded. */
  readonly url: string;
  /** Instead of those in the URL. */
  readonly username?: string;
  readonly password?: string;
  /** Events that may be in the handler at a time, of each tenant; default 100. Of all tenants together, 1,000 at most. */
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
  /** Told whenever events of all tenants can arrive, and whenever those of some no longer can. */
  onStateChange?(attached: boolean, cause?: string): void;
}

export interface EventConsumer {
  /** Resolves once events of all tenants can arrive for the first time; rejects where the consumer is closed before. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Messages under way in all: rhea's buffer of a session holds 2,048 that are not settled. */
const maxUnderWay = 1_000;

/**
 * Consumes the connection events of a tenant, of several, or of all, reconnecting for ever.
 *
 * @throws ConfigError where the network has no such address; TypeError where the URL is none.
 */
export function consume(options: ConsumeOptions): EventConsumer {
  const sources = eventSources(options, () => `temporary-${randomUUID()}`);
  const credit = Math.max(1, Math.min(options.credit ?? 100, Math.floor(maxUnderWay / sources.length)));
  const connection = createAmqpConnection({
    ...connectionOptions(options),
    containerName: 'rollcall-client',
  });
  const { promise: ready, resolve: markReady, reject: markClosed } = Promise.withResolvers<void>();
  // Nobody needs to wait for it.
  ready.catch(() => {});
  const together = openTogether(sources.length, (attached, cause) => {
    if (attached) markReady();
    options.onStateChange?.(attached, cause);
  });
  const receivers = sources.map(({ address, terminus, ownSession }, index) =>
    connection.openReceiver(address, {
      credit,
      ownSession: ownSession && sources.length > 1,
      temporary: options.temporary ?? false,
      source: terminus,
      async onMessage(message) {
        const event = decodeEvent(message);
        if (event.type === 'connected' || event.type === 'disconnected') await options.onEvent(event);
        else await options.onOther?.(event);
        return 'accepted';
      },
      onStateChange: (attached, cause) => together.changed(index, attached, cause),
    }),
  );
  return {
    ready,
    async close() {
      await Promise.all(receivers.map((receiver) => receiver.close()));
      await connection.close();
      markClosed(new TransportError('consumer is closed'));
    },
  };
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

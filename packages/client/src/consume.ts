import { randomUUID } from 'node:crypto';
import {
  createAmqpConnection,
  isLastingRefusal,
  urlOptions,
  type AmqpConnectionOptions,
  type Trouble,
} from '@rollcall/amqp-connection';
import { createFailureReport } from '@rollcall/containment';
import { ConfigError, TransportError } from '@rollcall/core';
import {
  silentLog,
  systemClock,
  systemRandom,
  type Clock,
  type Log,
  type Random,
} from '@rollcall/core/environment';
import {
  decodeEvent,
  type DecodedEvent,
  type HonoConnectionEvent,
  type ReceivedEvent,
  type UnrecognizedMessage,
} from '@rollcall/hono-wire';
import { eventSources, type SourceChoice } from './event-sources.ts';
import { Lanes } from './lanes.ts';
import { openTogether } from './open-together.ts';
import { identityOf } from './work-of.ts';

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
  /** PEM of a client certificate, and of its private key, for `amqps`. */
  readonly cert?: string;
  readonly key?: string;
  /** Whether the network's certificate must match its host name; default `true`. */
  readonly hostnameVerification?: boolean;
  /** TLS versions and cipher suites; default: TLS 1.2 and later. */
  readonly tlsChoice?: NonNullable<AmqpConnectionOptions['tls']>['choice'];
  /** Host name in the open, often a virtual host; that of the SASL exchange, default the same. */
  readonly amqpHostname?: string;
  readonly saslHostname?: string;
  /**
   * Whether the events of a device come one after another (default). `false`: all at the same time, for handlers to which their order
   * does not matter.
   */
  readonly ordered?: boolean;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** How often an event may fail before it is rejected; default 20, which takes a quarter of an hour. `Infinity`: it never is. */
  readonly maxTries?: number;
  /** How long the events of a device wait after one of them failed; doubled with each failure. Default 1 s. */
  readonly firstPauseMs?: number;
  /** The longest of these pauses; default 60 s. */
  readonly maxPauseMs?: number;
  /**
   * Handles one event; those of one device come one after another, see `ordered`. The event is confirmed once this returns. If this throws, or
   * the promise is rejected, the event is released: it comes again, here or at another consumer of the same queue.
   */
  onEvent(event: ReceivedEvent): void | Promise<void>;
  /**
   * Called with an event that failed `maxTries` times, before it is rejected: the network drops it, or stores it with dead
   * letters. If this throws, the error is logged, and changes nothing.
   */
  onPoisoned?(event: DecodedEvent, error: unknown): void | Promise<void>;
  /** Called with messages that are not our events: data of devices, connection events of other Hono adapters. */
  onOther?(message: HonoConnectionEvent | UnrecognizedMessage): void | Promise<void>;
  /** Called at each failed try, with the reason why events cannot arrive. The consumer goes on trying until it is closed. */
  onTrouble?(trouble: Trouble): void;
  /**
   * Called when a thousand released messages have come again and wait for their next try: until then no more are
   * received. Called once, until an event is handled again.
   */
  onFull?(): void;
  /** Called when events of all tenants can arrive, and when those of some no longer can. */
  onStateChange?(attached: boolean, cause?: string): void;
}

export interface EventConsumer {
  /** Resolves once events of all tenants can arrive for the first time; rejects if the consumer is closed before. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** How many messages may be under way in all: rhea's buffer of a session holds 2,048 that are not settled. */
const maxUnderWay = 1_000;

/**
 * Consumes the connection events of a tenant, of several, or of all, reconnecting for ever.
 *
 * @throws ConfigError if the network has no such address; TypeError if the URL is not valid.
 */
export function consume(options: ConsumeOptions): EventConsumer {
  const sources = eventSources(options, () => `temporary-${randomUUID()}`);
  const credit = Math.max(1, Math.min(options.credit ?? 100, Math.floor(maxUnderWay / sources.length)));
  const lanes = lanesOf(options);
  /** For events without order, each of which has its own lane. */
  let arrivals = 0;
  const connection = createAmqpConnection({
    ...connectionOptions(options),
    containerName: 'rollcall-client',
  });
  const { promise: ready, resolve: markReady, reject: markClosed } = Promise.withResolvers<void>();
  // A caller does not have to wait for it.
  ready.catch(() => {});
  const together = openTogether(sources.length, (attached, cause) => {
    if (attached) markReady();
    options.onStateChange?.(attached, cause);
  });
  const receivers = sources.map(({ address, terminus, ownSession }, index) =>
    connection.openReceiver(address, {
      credit,
      ownSession,
      temporary: options.temporary ?? false,
      source: terminus,
      onMessage(message, delivery) {
        const event = decodeEvent(message);
        const { lane, id } = identityOf(event, message);
        return lanes.add({
          lane: options.ordered === false ? `\n${(arrivals += 1)}` : lane,
          id,
          delivery,
          proves: isEvent(event) || options.onOther !== undefined,
          handle: () => handle(options, event),
          giveUp: (error) => options.onPoisoned?.(event, error),
        });
      },
      onRefused(cause) {
        options.onTrouble?.({ text: `${address}: ${cause}`, lasting: isLastingRefusal(cause) });
      },
      onStateChange(attached, cause) {
        if (!attached) lanes.prune();
        together.changed(index, attached, cause);
      },
    }),
  );
  return {
    ready,
    async close() {
      lanes.close();
      await Promise.all(receivers.map((receiver) => receiver.close()));
      await connection.close();
      markClosed(new TransportError('consumer is closed'));
    },
  };
}

function isEvent(event: DecodedEvent): event is ReceivedEvent {
  return event.type === 'connected' || event.type === 'disconnected';
}

function handle({ onEvent, onOther }: ConsumeOptions, event: DecodedEvent): void | Promise<void> {
  return isEvent(event) ? onEvent(event) : onOther?.(event);
}

function lanesOf(options: ConsumeOptions): Lanes {
  const { clock = systemClock, log = silentLog, credit = 100 } = options;
  const { maxTries = 20, firstPauseMs = 1_000, maxPauseMs = 60_000 } = options;
  if (!(maxTries >= 1)) throw new ConfigError(['maxTries must be at least 1']);
  if (!(firstPauseMs > 0 && maxPauseMs >= firstPauseMs && maxPauseMs < Infinity))
    throw new ConfigError(['firstPauseMs must be above 0, and maxPauseMs not below it']);
  const { failed } = createFailureReport({ clock, log });
  return new Lanes({
    clock,
    maxRunning: Math.max(1, Math.min(credit, maxUnderWay)),
    maxTries,
    firstPauseMs,
    maxPauseMs,
    failed,
    full: () => options.onFull?.(),
  });
}

function connectionOptions(options: ConsumeOptions): Omit<AmqpConnectionOptions, 'containerName'> {
  const { username, password, ca, cert, key, tlsChoice, amqpHostname, saslHostname } = options;
  const { hostnameVerification = true } = options;
  const { tls, ...address } = urlOptions(options.url);
  return {
    ...address,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    log: options.log ?? silentLog,
    ...(username !== undefined && username !== '' && { username }),
    ...(password !== undefined && password !== '' && { password }),
    ...(amqpHostname !== undefined && { amqpHostname }),
    ...(saslHostname !== undefined && { saslHostname }),
    onDialFailed: (trouble) => options.onTrouble?.(trouble),
    ...(tls && {
      tls: {
        hostnameVerification,
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...(tlsChoice && { choice: tlsChoice }),
      },
    }),
  };
}

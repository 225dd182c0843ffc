import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import {
  containServer,
  createFailureReport,
  peerBeingServed,
  servePeer,
  patientClock,
} from '@rollcall/containment';
import { systemClock, TransportError, type Clock, type Log } from '@rollcall/core';
import {
  checkRhea,
  internalsOf,
  keepRawMessages,
  rawBytesOf,
  sendInAnyOrder,
  settle as settleDelivery,
  silence,
  type Verdict,
} from '@rollcall/rhea-internals';
import rhea from 'rhea';
import { acceptGuarded } from './accept-guarded.ts';
import { createCutOffLog } from './cut-off-log.ts';
import { createBoundPeers } from './bound-peers.ts';
import { addressText, isTarget, parseAddress, type Target } from './addresses.ts';
import { createExchange, type Consumption, type QueueStats } from './exchange.ts';
import { expiresAt } from './expires-at.ts';
import { knowPeerOf, onBehalfOf } from './link-peer.ts';
import { creditOf } from './outgoing-link.ts';
import { refusalOf } from './refusal.ts';
import { openStore } from './store.ts';

export interface MessagingNetworkOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where events are kept until they are consumed. */
  readonly dataDir: string;
  readonly log: Log;
  /** By which messages expire. */
  readonly clock?: Clock;
  /** Messages a queue keeps at most; default 10,000. */
  readonly maxQueueMessages?: number;
  /** Queues at most, and subscriptions; default 1,000 each. */
  readonly maxQueues?: number;
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

/** Messages a producer may have under way. */
const producerWindow = 1_000;
/** Room for a client with a thousand tenants, and for a receiver that settles many messages at once. */
const guardLimits = {
  maxFrameBytes: 65_536,
  maxMessageBytes: 1_048_576,
  maxSessions: 256,
  maxLinks: 4_096,
  maxDispositionSpan: 65_536,
};

/**
 * An AMQP 1.0 network for development and tests: it authenticates nobody.
 *
 * @throws TransportError where the port is taken, or the data directory cannot be used.
 */
export async function startMessagingNetwork(options: MessagingNetworkOptions): Promise<MessagingNetwork> {
  const { host = '127.0.0.1', port, log, clock = systemClock } = options;
  checkRhea();
  keepRawMessages();
  const store = openStore(options.dataDir);
  const producers = new Map<rhea.Receiver, Target | undefined>();
  const consumptions = new Map<rhea.Sender, Consumption>();
  const sockets = new Set<Socket>();
  const settledSessions = new Set<rhea.Session>();
  let settledScheduled: NodeJS.Immediate | undefined;
  let creditScheduled = false;

  const exchange = createExchange({
    store,
    clock,
    log,
    maxQueueMessages: options.maxQueueMessages ?? 10_000,
    maxQueues: options.maxQueues ?? 1_000,
    onRoom: scheduleCredit,
  });

  /** Looks once, soon, at the credit of all producers. */
  function scheduleCredit(): void {
    if (creditScheduled) return;
    creditScheduled = true;
    setImmediate(() => {
      creditScheduled = false;
      for (const [link, address] of producers) onBehalfOf(link, () => grantCredit(link, address));
    });
  }

  function grantCredit(link: rhea.Receiver, address: Target | undefined): void {
    if (!link.is_open()) return;
    // Without address of its own, a link says with each message where it goes: there is no telling who has room.
    const allowed = address ? exchange.producerCredit(address, producerWindow) : producerWindow;
    const credit = creditOf(link);
    if (credit <= allowed / 2) link.add_credit(allowed - credit);
  }

  const container = rhea.create_container({ id: 'rollcall-messaging-network' });
  silence(container);
  const mechanisms = internalsOf(container).sasl_server_mechanisms;
  mechanisms.enable_plain(() => true);
  mechanisms.enable_anonymous();

  /** What is thrown about one connection costs it: rhea would take it for a fault of the peer, and tell nobody. */
  function on(event: string, listener: (context: rhea.EventContext) => unknown): void {
    container.on(event, (context: rhea.EventContext) => {
      const peer = peerBeingServed();
      if (peer) servePeer(peer, () => void listener(context));
      else listener(context);
    });
  }

  on('connection_open', ({ connection }) => knowPeerOf(connection));
  on('receiver_open', ({ receiver }: rhea.EventContext) => {
    if (!receiver) return;
    const target = receiver.target?.address as unknown;
    const raw = internalsOf(receiver);
    raw.set_source(echoOf(receiver.source));
    raw.set_target(echoOf(receiver.target));
    const address = target ? parseAddress(target) : undefined;
    if (target && !isTarget(address)) {
      receiver.close(refusalOf(target, 'send to'));
      return;
    }
    const known = isTarget(address) ? address : undefined;
    producers.set(receiver, known);
    grantCredit(receiver, known);
  });

  on('sender_open', ({ sender }: rhea.EventContext) => {
    if (!sender) return;
    const source = sender.source as { address?: unknown; expiry_policy?: unknown } | undefined;
    const address = parseAddress(source?.address);
    internalsOf(sender).set_target(echoOf(sender.target));
    // A link is refused by an attach without source, and a detach after it (AMQP 1.0 §2.6.3).
    if (!address) {
      sender.close(refusalOf(source?.address, 'receive from'));
      return;
    }
    internalsOf(sender).set_source({ address: addressText(source?.address) });
    sendInAnyOrder(sender.session);
    const temporary = address.kind === 'subscription' && String(source?.expiry_policy) === 'link-detach';
    const consumption = exchange.consume(address, sender, temporary);
    if (!consumption) {
      sender.close({ condition: 'amqp:resource-limit-exceeded', description: 'too many queues' });
      return;
    }
    consumptions.set(sender, consumption);
  });

  on('message', ({ receiver, delivery, message }: rhea.EventContext) => {
    if (!receiver || !delivery || !message) return;
    const address = producers.get(receiver) ?? parseAddress(message.to);
    if (!isTarget(address)) {
      settleDelivery(delivery, { kind: 'rejected', ...refusalOf(message.to, 'send to') });
    } else {
      const bytes = rawBytesOf(message);
      const settle = (verdict: Verdict): void => {
        if (receiver.is_open()) settleDelivery(delivery, verdict);
      };
      if (bytes)
        exchange.publish(address, { payload: bytes, expiresAt: expiresAt(message, clock.now()) }, settle);
      else
        settle({
          kind: 'rejected',
          condition: 'amqp:not-implemented',
          description: 'unknown message format',
        });
    }
    grantCredit(receiver, producers.get(receiver));
  });

  on('sendable', ({ sender }: rhea.EventContext) => sender && consumptions.get(sender)?.kick());
  const settle =
    (keep: (state: { undeliverable_here?: boolean }) => boolean) =>
    ({ sender, delivery }: rhea.EventContext): void => {
      if (!sender || !delivery) return;
      consumptions.get(sender)?.settled(delivery, keep(delivery.remote_state ?? {}));
      // The buffer of a session is shared: what one link's outcome made room for may be another link's to use.
      settledSessions.add(sender.session);
      settledScheduled ??= setImmediate(() => {
        settledScheduled = undefined;
        for (const [link, consumption] of consumptions)
          if (settledSessions.has(link.session)) consumption.kick();
        settledSessions.clear();
      });
    };
  on(
    'accepted',
    settle(() => false),
  );
  on(
    'rejected',
    settle(() => false),
  );
  on(
    'released',
    settle(() => true),
  );
  on(
    'modified',
    settle((state) => state.undeliverable_here !== true),
  );
  // Settled without an outcome: the consumer said nothing of the message (AMQP 1.0 §2.6.12).
  on(
    'settled',
    settle(() => true),
  );

  function dropLink(link: rhea.Sender | rhea.Receiver): void {
    producers.delete(link as rhea.Receiver);
    const consumption = consumptions.get(link as rhea.Sender);
    consumptions.delete(link as rhea.Sender);
    consumption?.end();
  }

  /** Idempotent: rhea may tell of one end more than once. */
  function dropLinksOf(connection: rhea.Connection): void {
    for (const link of [...producers.keys(), ...consumptions.keys()])
      if (link.connection === connection) dropLink(link);
    scheduleCredit();
  }

  on('sender_close', ({ sender }: rhea.EventContext) => sender && dropLink(sender));
  on('receiver_close', ({ receiver }: rhea.EventContext) => receiver && dropLink(receiver));
  on('session_close', ({ session }: rhea.EventContext) => {
    for (const link of [...producers.keys(), ...consumptions.keys()])
      if (link.session === session) dropLink(link);
  });
  on('connection_close', ({ connection }: rhea.EventContext) => dropLinksOf(connection));
  on('disconnected', ({ connection }: rhea.EventContext) => dropLinksOf(connection));

  const { idleTimeoutMs = 60_000 } = options;
  const connectionOptions = {
    max_frame_size: guardLimits.maxFrameBytes,
    idle_time_out: idleTimeoutMs,
    offered_capabilities: ['ANONYMOUS-RELAY'],
    tcp_no_delay: true,
    treat_modified_as_released: false,
    receiver_options: { credit_window: 0, autoaccept: false, max_message_size: guardLimits.maxMessageBytes },
  };
  const peers = createBoundPeers({ max: options.maxConnections ?? 1_000, clock: systemClock, log });
  const whenOpen = new WeakMap<object, () => void>();
  container.on('connection_open', ({ connection }: rhea.EventContext) => whenOpen.get(connection)?.());
  const cutOffs = createCutOffLog(systemClock, log);
  const patience = patientClock(systemClock);
  const server = createServer((socket) => {
    const opened = peers.admit(socket);
    if (!opened) return;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const connection = acceptGuarded(socket, {
      container,
      connectionOptions,
      limits: guardLimits,
      clock: patience,
      // A peer is told the time-out, and must be heard within half of it.
      idleTimeoutMs,
      onViolation: (problem) => cutOffs.cutOff(`${socket.remoteAddress}:${socket.remotePort}`, problem),
    });
    whenOpen.set(connection, opened);
  });
  containServer(server, 'network', createFailureReport({ clock: systemClock, log }).failed);
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    store.close();
    const { code } = error as NodeJS.ErrnoException;
    throw new TransportError(`amqp port ${host}:${port} cannot be bound: ${code}`, { cause: error });
  }
  // Such as a connection that cannot be accepted, for want of file descriptors.
  server.on('error', (error) => log.warn({ cause: error.message }, 'listener failed'));
  const listening = server.address() as AddressInfo;
  log.warn(
    { host, port: listening.port },
    'this messaging network is for development and tests: it authenticates nobody',
  );

  return {
    host,
    port: listening.port,
    stats: () => exchange.stats(),
    async close() {
      const closed = once(server, 'close');
      server.close();
      peers.stop();
      cutOffs.stop();
      for (const socket of sockets) socket.destroy();
      await closed;
      exchange.close();
      store.close();
    },
  };
}

/** What a link is told of its own terminus. An address may be of any type (AMQP 1.0 §3.5.3); rhea can write strings. */
function echoOf(terminus: { readonly address?: unknown } | undefined): object {
  const address = terminus?.address;
  return typeof address === 'string' ? { address } : {};
}

import { peerBeingServed, servePeer } from '@rollcall/containment';
import type { Clock } from '@rollcall/core/environment';
import {
  forgo,
  forgoAll,
  internalsOf,
  settle as settleDelivery,
  type Verdict,
} from '@rollcall/rhea-internals';
import { rawBytesOf, sendInAnyOrder } from '@rollcall/rhea-internals/server';
import type rhea from 'rhea';
import { addressText, isTarget, parseAddress } from './addresses.ts';
import type { Consumers } from './consumers.ts';
import type { Exchange } from './exchange.ts';
import { expiresAt } from './expires-at.ts';
import { factsOf } from './guarded-by.ts';
import { knowPeerOf } from './link-peer.ts';
import type { Producers } from './producers.ts';
import { refusalOf } from './refusal.ts';

export interface Links {
  readonly exchange: Exchange;
  readonly producers: Producers;
  readonly consumers: Consumers;
  /** The time by which messages expire. */
  readonly clock: Clock;
}

/** Serves the links of all connections: listens to rhea's events of links and messages. */
export function serveLinks(container: rhea.Container, links: Links): void {
  const { producers, consumers } = links;
  /** If a listener throws, the peer loses its connection: rhea itself would blame the peer, and log nothing. */
  function on(event: string, listener: (context: rhea.EventContext) => unknown): void {
    container.on(event, (context: rhea.EventContext) => {
      const peer = peerBeingServed();
      if (peer) servePeer(peer, () => void listener(context));
      else listener(context);
    });
  }

  on('connection_open', ({ connection }) => knowPeerOf(connection));
  on('receiver_open', ({ receiver }) => receiver && attachProducer(receiver, links));
  on('sender_open', ({ sender }) => sender && attachConsumer(sender, links));
  on('message', (context) => receive(context, links));
  on('sendable', ({ sender }) => sender && consumers.kick(sender));
  for (const [outcome, keeps] of outcomes)
    on(outcome, ({ sender, delivery }) => {
      if (sender && delivery) consumers.settled(sender, delivery, keeps(delivery.remote_state ?? {}));
    });

  on('sender_close', ({ sender }) => sender && consumers.remove(sender));
  on('receiver_close', ({ receiver }) => {
    if (!receiver) return;
    producers.remove(receiver);
    forgoAll(receiver);
  });
  on('session_close', ({ session }) => {
    producers.removeWhere((link) => link.session === session);
    consumers.removeWhere((link) => link.session === session);
  });
  // rhea may emit both, or one of them twice, for one connection.
  for (const end of ['connection_close', 'disconnected'])
    on(end, ({ connection }) => {
      producers.removeWhere((link) => link.connection === connection);
      consumers.removeWhere((link) => link.connection === connection);
      producers.grantCreditSoon();
    });
}

/** The outcomes of a delivery, and whether the message waits again then. */
const outcomes: readonly (readonly [string, (state: { undeliverable_here?: boolean }) => boolean])[] = [
  ['accepted', () => false],
  ['rejected', () => false],
  ['released', () => true],
  ['modified', (state) => state.undeliverable_here !== true],
  // Settled without an outcome: the consumer said nothing about the message (AMQP 1.0 §2.6.12).
  ['settled', () => true],
];

const noTransactions: rhea.AmqpError = {
  condition: 'amqp:not-implemented',
  description: 'transactions are not supported',
};

function attachProducer(receiver: rhea.Receiver, { producers }: Links): void {
  // A link is refused by an attach without target, and a detach after it (AMQP 1.0 §2.6.3).
  if (factsOf(receiver.connection).isTransactional) return receiver.close(noTransactions);
  const target = receiver.target?.address as unknown;
  const raw = internalsOf(receiver);
  raw.set_source(echoOf(receiver.source));
  raw.set_target(echoOf(receiver.target));
  const address = target ? parseAddress(target) : undefined;
  if (target && !isTarget(address)) {
    receiver.close(refusalOf(target, 'send to'));
    return;
  }
  producers.add(receiver, isTarget(address) ? address : undefined);
}

function attachConsumer(sender: rhea.Sender, { exchange, consumers }: Links): void {
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
  if (consumption) consumers.add(sender, consumption);
  else sender.close({ condition: 'amqp:resource-limit-exceeded', description: 'too many queues' });
}

const unknownFormat: Verdict = {
  kind: 'rejected',
  condition: 'amqp:not-implemented',
  description: 'unknown message format',
};

function receive(
  { receiver, delivery, message }: rhea.EventContext,
  { exchange, producers, clock }: Links,
): void {
  if (!receiver || !delivery || !message) return;
  // The delivery was on its way when its link was detached.
  if (!receiver.is_open()) return forgo(delivery);
  const { isAborted, isInTransaction } = factsOf(receiver.connection);
  if (isAborted || isInTransaction) {
    forgo(delivery);
    if (isAborted) producers.grantCredit(receiver);
    else receiver.close(noTransactions);
    return;
  }
  const address = producers.addressOf(receiver) ?? parseAddress(message.to);
  if (isTarget(address)) {
    const settle = (verdict: Verdict): void => {
      if (receiver.is_open()) settleDelivery(delivery, verdict);
    };
    const payload = rawBytesOf(message);
    if (payload) exchange.publish(address, { payload, expiresAt: expiresAt(message, clock.now()) }, settle);
    else settle(unknownFormat);
  } else {
    settleDelivery(delivery, { kind: 'rejected', ...refusalOf(message.to, 'send to') });
  }
  producers.grantCredit(receiver);
}

/** A peer's terminus as we echo it. An address may have any type (AMQP 1.0 §3.5.3), but rhea can only write strings. */
function echoOf(terminus: { readonly address?: unknown } | undefined): object {
  const address = terminus?.address;
  return typeof address === 'string' ? { address } : {};
}

import { receiveInAnyOrder } from '@rollcall/rhea-internals/client';
import type rhea from 'rhea';
import { amqpErrorOf, amqpErrorText } from './amqp-error.ts';
import { hasTerminus, terminusFields, type TerminusOptions } from './terminus-options.ts';

/** Called with what happens to one attached link. */
export interface ReceiverListener {
  opened(): void;
  /** The peer refused or detached the link. */
  detached(cause: string): void;
  received(delivery: rhea.Delivery, message: rhea.Message): void;
  /** The bytes of a delivery are not a message. */
  undecodable(delivery: rhea.Delivery, error: unknown): void;
}

/** Attaches a link to receive on, at first without credit. Not with rhea-promise, for the reasons of attach-sender.ts. */
export function attachReceiver(
  session: rhea.Session,
  address: string,
  temporary: boolean,
  asked: TerminusOptions,
  listener: ReceiverListener,
): rhea.Receiver {
  const receiver = session.attach_receiver({
    source: {
      address,
      ...terminusFields(asked),
      ...(temporary && { expiry_policy: 'link-detach', timeout: 0, durable: 0 }),
    },
    target: {},
    rcv_settle_mode: 0,
    credit_window: 0,
    autoaccept: false,
  });
  receiveInAnyOrder(receiver, (delivery, error) => listener.undecodable(delivery, error));
  // A link is refused by an attach without source, and a detach after it (AMQP 1.0 §2.6.3).
  receiver.on('receiver_open', () => hasTerminus(receiver.source) && listener.opened());
  // Without a listener here, rhea raises the error on the session, the connection and the container.
  receiver.on('receiver_error', () => {});
  receiver.on('receiver_close', () =>
    listener.detached(amqpErrorText(amqpErrorOf(receiver.error), 'closed by the peer')),
  );
  receiver.on('message', ({ delivery, message }: rhea.EventContext) => {
    if (delivery && message) listener.received(delivery, message);
  });
  return receiver;
}

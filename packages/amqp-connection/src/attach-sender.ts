import { internalsOf } from '@rollcall/rhea-internals';
import type rhea from 'rhea';
import { amqpErrorOf, fieldsOf } from './amqp-error.ts';
import type { AttachRefused, SendOutcome } from './send-outcome.ts';
import { hasTerminus, terminusFields, type TerminusOptions } from './terminus-options.ts';

/** Called with what happens to one attached link. */
export interface SenderListener {
  opened(): void;
  /** The peer refused or detached the link. */
  detached(why: AttachRefused): void;
  /** There may be credit. */
  sendable(): void;
  /** The peer wants its credit used up or given back. */
  draining(): void;
  settled(delivery: rhea.Delivery, outcome: SendOutcome): void;
}

/**
 * Attaches a link to send on. Not with rhea-promise: its `createSender` waits for credit, leaves the link behind if
 * none comes in time, and its `close` ends the session of all the other links.
 */
export function attachSender(
  session: rhea.Session,
  address: string | undefined,
  asked: TerminusOptions,
  listener: SenderListener,
): rhea.Sender {
  const sender = session.attach_sender({
    target: { ...(address !== undefined && { address }), ...terminusFields(asked) },
    source: {},
    snd_settle_mode: 0,
    rcv_settle_mode: 0,
    treat_modified_as_released: false,
  });
  let isOpen = false;
  function open(): void {
    if (isOpen) return;
    isOpen = true;
    listener.opened();
  }
  // A link is refused by an attach without target, and a detach after it (AMQP 1.0 §2.6.3).
  sender.on('sender_open', () => hasTerminus(sender.target) && open());
  // Without a listener here, rhea raises the error on the session, the connection and the container.
  sender.on('sender_error', () => {});
  sender.on('sender_close', () => listener.detached(refusedBy(sender.error)));
  sender.on('sendable', () => {
    // Some peers leave the target out although they do not refuse: a peer that gives credit accepts messages.
    if (internalsOf(sender).credit > 0) open();
    listener.sendable();
  });
  sender.on('sender_draining', () => listener.draining());
  const onOutcome = (
    outcome: Extract<SendOutcome, { status: 'unsettled' }>['outcome'],
    outcomeOf: (delivery: rhea.Delivery) => SendOutcome,
  ): void => {
    sender.on(outcome, ({ delivery }: rhea.EventContext) => {
      if (delivery)
        listener.settled(
          delivery,
          delivery.remote_settled ? outcomeOf(delivery) : { status: 'unsettled', outcome },
        );
    });
  };
  onOutcome('accepted', () => ({ status: 'accepted' }));
  onOutcome('released', () => ({ status: 'released' }));
  onOutcome('rejected', (delivery) => ({
    status: 'rejected',
    ...amqpErrorOf(fieldsOf(delivery.remote_state)['error']),
  }));
  onOutcome('modified', (delivery) => ({
    status: 'modified',
    undeliverableHere: fieldsOf(delivery.remote_state)['undeliverable_here'] === true,
  }));
  // This comes after the outcome, if there was one: then the delivery is not known any more.
  sender.on(
    'settled',
    ({ delivery }: rhea.EventContext) =>
      delivery && listener.settled(delivery, { status: 'settled-without-outcome' }),
  );
  return sender;
}

/** The reason why a link cannot be used any more, from the error that the peer gave. */
export function refusedBy(error: unknown): AttachRefused {
  return { status: 'attach-refused', ...amqpErrorOf(error) };
}

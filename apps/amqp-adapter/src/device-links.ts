import { forgo, internalsOf } from '@rollcall/rhea-internals';
import { echoSettleModes } from '@rollcall/rhea-internals/server';
import type rhea from 'rhea';

/** Messages a device may have under way on a link, as in Hono. */
const linkCredit = 30;
/**
 * Messages of one connection that wait for their outcomes, of links and sessions that are gone, too: where there are as many,
 * a new link has to wait for its credit. As many as the links of one session have under way.
 */
export const maxUnanswered = 64 * linkCredit;

/** Why a link is closed that has to do with a transaction (AMQP 1.0 §4). */
export const noTransactions: rhea.AmqpError = {
  condition: 'amqp:not-implemented',
  description: 'transactions are not supported',
};

/** Why a link is detached on which a message is larger than its `max-message-size` (AMQP 1.0 §2.8.17). */
function messageTooLarge(maxBytes: number): rhea.AmqpError {
  return {
    condition: 'amqp:link:message-size-exceeded',
    description: `message is larger than ${maxBytes} bytes`,
  };
}

/**
 * A device attaches to send: its messages say by themselves where they go, so that the link has no address. A link that is
 * refused is answered without a terminus, and then detached (AMQP 1.0 §2.6.3).
 *
 * @param isTransactional - whether its target is a coordinator (AMQP 1.0 §4.5.1)
 * @returns whether it may have credit.
 */
export function attachedToSend(link: rhea.Receiver, isTransactional: boolean): boolean {
  const raw = internalsOf(link);
  echoSettleModes(raw);
  if (isTransactional) {
    link.close(noTransactions);
    return false;
  }
  const target = link.target?.address as unknown;
  if (target !== undefined && target !== null && target !== '') {
    link.close({
      condition: 'hono:bad-request',
      description: 'container supports anonymous terminus only',
    });
    return false;
  }
  raw.set_source({});
  raw.set_target({});
  return true;
}

/**
 * Detaches a link over a message that is too large, without closing it, as Hono does: some devices wait for just that. The
 * specification leaves it open (AMQP 1.0 §2.6.5).
 */
export function detachOver(link: rhea.Receiver, maxBytes: number): void {
  internalsOf(link).local.detach.error = messageTooLarge(maxBytes);
  link.detach();
}

/** A device attaches to receive: there is nothing yet that it could. */
export function attachedToReceive(link: rhea.Sender): void {
  const address = (link.source as { readonly address?: unknown } | undefined)?.address;
  const source = typeof address === 'string' ? address : '';
  echoSettleModes(internalsOf(link));
  const isCommand = /^(?:command|c)(?:\/|$)/.test(source);
  link.close(
    isCommand
      ? { condition: 'amqp:not-implemented', description: 'commands are not supported' }
      : { condition: 'amqp:not-found', description: 'no such node' },
  );
}

/** As rhea does by itself with a `credit_window`: a quarter at a time. */
const creditAtATime = Math.ceil(linkCredit / 4);

/** The credit of the links of one connection. */
export class LinkCredit {
  readonly #due = new WeakMap<rhea.Receiver, number>();
  /** Links that wait for their first credit. */
  readonly #waiting = new Set<rhea.Receiver>();

  /** @param unanswered how many messages of the connection wait for their outcomes. */
  begin(link: rhea.Receiver, unanswered: number): void {
    if (unanswered < maxUnanswered) {
      link.add_credit(linkCredit);
      return;
    }
    // A device may attach again and again meanwhile.
    for (const each of this.#waiting) if (!each.is_open()) this.#waiting.delete(each);
    this.#waiting.add(link);
  }

  /** A message has its outcome. @param unanswered how many still wait. */
  answered(unanswered: number): void {
    if (this.#waiting.size === 0 || unanswered >= maxUnanswered) return;
    for (const link of this.#waiting) if (link.is_open()) link.add_credit(linkCredit);
    this.#waiting.clear();
  }

  /**
   * A message of this link has its outcome: the device gets back the credit that it used. Not with each message: that is a frame, and
   * a write to its socket, beside the one with the outcome. A link has three quarters of its credit at least while no message is
   * under way.
   */
  giveBack(link: rhea.Receiver): void {
    const due = (this.#due.get(link) ?? 0) + 1;
    this.#due.set(link, due % creditAtATime);
    if (due === creditAtATime) link.add_credit(due);
  }
}

/** Whether the device, and not the adapter, settles last (AMQP 1.0 §2.6.12). */
export function settlesLast(link: rhea.Receiver): boolean {
  return internalsOf(link).local.attach.rcv_settle_mode === 1;
}

/** A delivery that the device aborted is settled by that, and has used up credit (AMQP 1.0 §2.7.5). */
export function takenBack(delivery: rhea.Delivery, link: rhea.Receiver): void {
  forgo(delivery);
  link.add_credit(1);
}

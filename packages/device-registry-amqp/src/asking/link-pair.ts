import type { AmqpConnection } from '@rollcall/amqp-connection';
import type { ReceiverLink, SenderLink, SendOutcome } from '@rollcall/amqp-connection/links';
import type { ReceivedMessage } from '@rollcall/hono-wire';
import { encodeRequest } from '@rollcall/hono-wire/internal';
import type { OpenQuestion } from './question.ts';

export interface LinkPairOptions {
  /** Address of the service, for one tenant or for all. */
  readonly address: string;
  /** Address of its answers. */
  readonly replyTo: string;
  readonly requestTimeoutMs: number;
  readonly maxOutstanding: number;
  heard(message: ReceivedMessage): boolean;
  /** A question was handed to the link. */
  sent(open: OpenQuestion): void;
  /** A question did not arrive. */
  failed(open: OpenQuestion, outcome: SendOutcome): void;
}

/**
 * A link to an address, and the one that the answers come over. A service answers only questions that come while the second link is
 * open, so nothing is sent before.
 */
export class LinkPair {
  readonly #options: LinkPairOptions;
  readonly #replies: ReceiverLink;
  readonly #requests: SenderLink;
  readonly #waiting = new Set<OpenQuestion>();
  /** Questions that were handed in, and have no result yet; with what takes back the message of one. */
  readonly #open = new Map<OpenQuestion, AbortController | undefined>();

  constructor(connection: AmqpConnection, options: LinkPairOptions) {
    this.#options = options;
    const { address, replyTo, requestTimeoutMs, maxOutstanding } = options;
    this.#replies = connection.openReceiver(replyTo, {
      credit: maxOutstanding,
      // As in Hono: an answer that no one waits for is rejected.
      onMessage: async (message) => (options.heard(message) ? 'accepted' : 'rejected'),
      onRefused: (cause) => {
        if (connection.connected()) this.#refuseAll(cause);
      },
      onStateChange: (attached) => {
        if (attached) this.#sendAll();
      },
    });
    this.#requests = connection.openSender(address, {
      creditWaitMs: requestTimeoutMs,
      outcomeTimeoutMs: requestTimeoutMs,
      maxWaiting: maxOutstanding,
    });
  }

  /** Whether an open question waits for an answer over it. */
  get isUsed(): boolean {
    return this.#open.size > 0;
  }

  ask(open: OpenQuestion): void {
    this.#open.set(open, undefined);
    if (this.#replies.attached()) this.#send(open);
    else this.#waiting.add(open);
  }

  /** Forgets a question that has its result. One that was not sent yet is taken back. */
  forget(open: OpenQuestion): void {
    const message = this.#open.get(open);
    this.#open.delete(open);
    this.#waiting.delete(open);
    // Those that wait for credit would take the room of the next ones.
    message?.abort();
  }

  async close(): Promise<void> {
    await Promise.all([this.#requests.close(), this.#replies.close()]);
  }

  #sendAll(): void {
    for (const open of this.#waiting) {
      this.#waiting.delete(open);
      this.#send(open);
    }
  }

  #refuseAll(description: string): void {
    for (const open of this.#waiting) {
      this.#waiting.delete(open);
      this.#options.failed(open, { status: 'attach-refused', description });
    }
  }

  #send(open: OpenQuestion): void {
    const { id, question } = open;
    const { address, replyTo } = this.#options;
    const { subject, properties, body } = question;
    const message = encodeRequest({
      messageId: id,
      to: address,
      subject,
      replyTo,
      properties,
      ...(body && { body }),
    });
    this.#options.sent(open);
    const taking = new AbortController();
    this.#open.set(open, taking);
    this.#requests.submit(message, { signal: taking.signal }, (outcome) => {
      if (outcome.status !== 'accepted') this.#options.failed(open, outcome);
    });
  }
}

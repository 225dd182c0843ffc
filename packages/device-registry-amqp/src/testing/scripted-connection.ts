import type { AmqpConnection, AmqpConnectionOptions } from '@rollcall/amqp-connection';
import type { ReceiverLink, SenderLink, SendOutcome } from '@rollcall/amqp-connection/links';
import type { ReceivedMessage } from '@rollcall/hono-wire';
import rhea from 'rhea';

type ReceiverOptions = Parameters<AmqpConnection['openReceiver']>[1];
type SenderOptions = Parameters<AmqpConnection['openSender']>[1];

/** A message that was handed to a link. */
export interface Submitted {
  readonly id: string;
  readonly replyTo: string;
  /** Called at most once, as every link promises. */
  readonly done: (outcome: SendOutcome) => void;
}

interface ReplyLink {
  readonly address: string;
  readonly options: ReceiverOptions;
  isAttached: boolean;
}

/** A connection whose links do what a test says, in whatever order. */
export class ScriptedConnection implements AmqpConnection {
  readonly #options: AmqpConnectionOptions;
  readonly #submitted = new Set<Submitted>();
  /** Messages that were handed in. The test knows whether their questions are still open. */
  readonly #heard: Submitted[] = [];
  readonly #replyLinks = new Set<ReplyLink>();
  /** Whether its links give back every message at once. */
  isFull = false;
  #isConnected = false;

  constructor(options: AmqpConnectionOptions) {
    this.#options = options;
  }

  /** Messages without an outcome. */
  get submitted(): readonly Submitted[] {
    return [...this.#submitted];
  }

  /** All messages that were ever handed in, in order. */
  get heard(): readonly Submitted[] {
    return this.#heard;
  }

  /** Links that are not closed. */
  get replyLinks(): readonly ReplyLink[] {
    return [...this.#replyLinks];
  }

  connected(): boolean {
    return this.#isConnected;
  }

  async whenConnected(): Promise<void> {}

  openReceiver(address: string, options: ReceiverOptions): ReceiverLink {
    const link: ReplyLink = { address, options, isAttached: false };
    this.#replyLinks.add(link);
    return {
      attached: () => link.isAttached,
      close: async () => {
        link.isAttached = false;
        this.#replyLinks.delete(link);
      },
    };
  }

  /** None of its messages has credit until the test says so: as many wait as may. */
  openSender(_address: string | undefined, { maxWaiting = Infinity }: SenderOptions): SenderLink {
    const own = new Set<Submitted>();
    const submit: SenderLink['submit'] = (bytes, { signal }, done) => {
      if (this.isFull || own.size >= maxWaiting) return done({ status: 'no-credit' });
      const { message_id: id = '', reply_to: replyTo = '' } = rhea.message.decode(Buffer.from(bytes));
      const message: Submitted = {
        ...{ id: String(id), replyTo },
        done: (outcome) => {
          if (!this.#submitted.delete(message)) return;
          own.delete(message);
          done(outcome);
        },
      };
      signal?.addEventListener('abort', () => message.done({ status: 'aborted' }));
      own.add(message);
      this.#submitted.add(message);
      this.#heard.push(message);
      return undefined;
    };
    return {
      submit,
      send: (message, options = {}) => new Promise((resolve) => submit(message, options, resolve)),
      close: async () => {
        for (const message of own) message.done({ status: 'disconnected' });
      },
    };
  }

  async close(): Promise<void> {
    this.lose();
  }

  dial(): void {
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#options.onStateChange?.(true);
  }

  /** Loses the connection: links learn of it first. Messages that were not sent wait for the next one. */
  lose(unsent: readonly Submitted[] = []): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    for (const link of this.#replyLinks) {
      if (link.isAttached) this.#detach(link);
      link.options.onRefused?.('connection lost');
    }
    for (const message of this.submitted)
      if (!unsent.includes(message)) message.done({ status: 'disconnected' });
    this.#options.onStateChange?.(false);
  }

  attach(link: ReplyLink): void {
    if (!this.#isConnected || link.isAttached || !this.#replyLinks.has(link)) return;
    link.isAttached = true;
    link.options.onStateChange?.(true);
  }

  /** The peer ends the link, or refuses it. */
  refuse(link: ReplyLink): void {
    if (!this.#isConnected) return;
    if (link.isAttached) this.#detach(link);
    link.options.onRefused?.('not allowed');
  }

  /** @returns whether there is a link for the answer. */
  answer({ id, replyTo }: Pick<Submitted, 'id' | 'replyTo'>, status = 200): boolean {
    const link = this.replyLinks.find((each) => each.isAttached && each.address === replyTo);
    if (!link) return false;
    const message = { correlationId: id, applicationProperties: { status } } as unknown as ReceivedMessage;
    void link.options.onMessage(message, { gone: () => false, hold: () => {} });
    return true;
  }

  #detach(link: ReplyLink): void {
    link.isAttached = false;
    link.options.onStateChange?.(false, 'lost');
  }
}

import rhea from 'rhea';
import { onTestFinished } from 'vitest';

export interface ClientFacts {
  readonly username?: string;
  readonly password?: string;
  readonly authorizationId?: string;
}

/** The answer that a client got. */
export interface HeardAnswer {
  readonly status: number;
  readonly message: rhea.Message;
  /** Of an answer with a JSON body. */
  readonly json: unknown;
  /** Of any other. */
  readonly text: string | undefined;
}

/** A client of the services, as adapters are. It is closed after the test. */
export class AmqpClient {
  readonly connection: rhea.Connection;
  /** The condition that the connection was closed with. */
  readonly ended: Promise<string | undefined>;
  readonly #opened: Promise<boolean>;

  constructor(
    port: number,
    { username = 'adapter', password = 'secret', authorizationId = '' }: ClientFacts = {},
  ) {
    const container = rhea.create_container({ id: 'client' });
    for (const event of ['error', 'session_error', 'sender_error', 'receiver_error', 'protocol_error'])
      container.on(event, () => {});
    const plain = Buffer.from(`${authorizationId}\0${username}\0${password}`);
    this.connection = container.connect({
      host: '127.0.0.1',
      port,
      reconnect: false,
      idle_time_out: 0,
      sasl_mechanisms: {
        PLAIN: () => ({ start: (respond: (e: undefined, r: Buffer) => void) => respond(undefined, plain) }),
      },
    } as never);
    this.connection.on('connection_error', () => {});
    this.#opened = new Promise((resolve) => {
      this.connection.once('connection_open', () => resolve(true));
      this.connection.once('disconnected', () => resolve(false));
    });
    this.ended = new Promise((resolve) => {
      const tell = (): void =>
        resolve((this.connection.error as { readonly condition?: string } | undefined)?.condition);
      this.connection.once('connection_close', tell);
      this.connection.once('disconnected', tell);
    });
    onTestFinished(() => this.cut());
  }

  cut(): void {
    (this.connection as unknown as { socket?: { destroy(): void } }).socket?.destroy();
  }

  /** Whether the login succeeded. */
  isOpen(): Promise<boolean> {
    return this.#opened;
  }

  /** Attaches a link to send on. Resolves with the condition that it is refused with; `undefined`: it may send. */
  async target(address: string | undefined, options: object = {}): Promise<rhea.Sender | string> {
    const sender = this.connection.open_sender({
      target: address === undefined ? {} : { address },
      ...options,
    });
    // Only an accepted link gets credit.
    return attached(sender, 'sendable', () => true);
  }

  /** Attaches a link to receive on. */
  async source(address: string, credit = 100): Promise<rhea.Receiver | string> {
    const receiver = this.connection.open_receiver({ source: { address }, credit_window: 0 });
    receiver.add_credit(credit);
    // A link that is refused is answered without a source, and then detached (AMQP 1.0 §2.6.3).
    return attached(receiver, 'receiver_open', () => typeof receiver.source?.address === 'string');
  }

  /** A link for requests, and one for their answers. */
  async service(address: string): Promise<ServiceClient> {
    const replyTo = `${address}/reply-${Math.random()}`;
    const [sender, receiver] = [await this.target(address), await this.source(replyTo)];
    if (typeof sender === 'string' || typeof receiver === 'string') throw new Error('a link is refused');
    return new ServiceClient(sender, receiver, replyTo);
  }
}

function attached<Link extends rhea.Sender | rhea.Receiver>(
  link: Link,
  opens: string,
  isAccepted: () => boolean,
): Promise<Link | string> {
  return new Promise((resolve) => {
    const refused = (): void =>
      resolve((link.error as { readonly condition?: string } | undefined)?.condition ?? 'closed');
    link.once(`${link.is_sender() ? 'sender' : 'receiver'}_close`, refused);
    link.once(opens, () => {
      if (isAccepted()) resolve(link);
    });
  });
}

export class ServiceClient {
  readonly sender: rhea.Sender;
  readonly receiver: rhea.Receiver;
  readonly replyTo: string;
  readonly #waiting = new Map<unknown, (answer: HeardAnswer) => void>();
  #next = 0;

  constructor(sender: rhea.Sender, receiver: rhea.Receiver, replyTo: string) {
    this.sender = sender;
    this.receiver = receiver;
    this.replyTo = replyTo;
    receiver.on('message', ({ message }: rhea.EventContext) => {
      receiver.add_credit(1);
      if (message) this.#waiting.get(message.correlation_id)?.(heard(message));
    });
  }

  /** Sends a request, and resolves with its answer. */
  ask(
    subject: string,
    { body, ...fields }: { readonly body?: unknown } & Partial<rhea.Message> = {},
  ): Promise<HeardAnswer> {
    const id = `request-${this.#next++}`;
    const answer = new Promise<HeardAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.sender.send({
      message_id: id,
      subject,
      reply_to: this.replyTo,
      ...fields,
      body: body === undefined ? undefined : rhea.message.data_section(Buffer.from(JSON.stringify(body))),
    });
    return answer;
  }
}

function heard(message: rhea.Message): HeardAnswer {
  const { content } = (message.body ?? {}) as { readonly content?: Buffer };
  const text = content?.toString();
  const isJson = message.content_type === 'application/json';
  return {
    status: Number(message.application_properties?.['status']),
    message,
    json: isJson && text !== undefined ? JSON.parse(text) : undefined,
    text: isJson ? undefined : text,
  };
}

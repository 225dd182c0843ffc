import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { listening } from '@rollcall/amqp-connection/testing';
import { internalsOf, silence } from '@rollcall/rhea-internals';
import rhea from 'rhea';
import { StoredRegistry, type Answered } from './stored-registry.ts';

/** A question as it arrived. */
interface HeardQuestion {
  readonly address: string;
  readonly subject: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly message: rhea.Message;
}

/** How a service reacts to a question: an answer, or `silence`, or `rejected`. */
export type Reaction = Answered | 'silence' | 'rejected';

/** The three services of a registry on one port, with the API of Eclipse Hono, which do what a test says. */
export interface ScriptedServices {
  readonly port: number;
  readonly stored: StoredRegistry;
  /** Every question, in order. */
  readonly heard: readonly HeardQuestion[];
  /** Reply addresses that were attached, in order. */
  readonly replyLinks: readonly string[];
  /** User names and passwords presented with SASL PLAIN. */
  readonly logins: readonly (readonly [string, string])[];
  readonly containerIds: readonly string[];
  /** Decides how to react to a question; default: the stored registry answers it. */
  react: (question: HeardQuestion) => Reaction | undefined;
  /** Runs before each answer leaves. */
  beforeAnswer: () => Promise<void>;
  /** Addresses that are refused, with the condition. */
  readonly refused: Map<string, string>;
  /** Sends an answer that no one asked for over the last reply link. */
  sendStray(): void;
  /** Cuts all connections. */
  drop(): void;
  close(): Promise<void>;
}

export async function startScriptedServices(
  stored: StoredRegistry = new StoredRegistry(),
  port = 0,
): Promise<ScriptedServices> {
  const container = rhea.create_container({ id: 'scripted-registry' });
  silence(container);
  const server = internalsOf(container).listen({
    host: '127.0.0.1',
    port,
    tcp_no_delay: true,
    receiver_options: { credit_window: 100, autoaccept: false },
  });
  await listening(server, port);
  return new RheaServices(container, server, stored);
}

class RheaServices implements ScriptedServices {
  readonly port: number;
  readonly stored: StoredRegistry;
  readonly heard: HeardQuestion[] = [];
  readonly replyLinks: string[] = [];
  readonly logins: (readonly [string, string])[] = [];
  readonly containerIds: string[] = [];
  readonly refused = new Map<string, string>();
  react: ScriptedServices['react'] = () => undefined;
  beforeAnswer: ScriptedServices['beforeAnswer'] = async () => {};
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** By connection and address. */
  readonly #replies = new Map<rhea.Connection, Map<string, rhea.Sender>>();

  constructor(container: rhea.Container, server: Server, stored: StoredRegistry) {
    this.#server = server;
    this.stored = stored;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    const mechanisms = internalsOf(container).sasl_server_mechanisms;
    mechanisms.enable_plain((username, password) => {
      this.logins.push([username, password]);
      return true;
    });
    mechanisms.enable_anonymous();
    container.on('connection_open', ({ connection }: rhea.EventContext) =>
      this.containerIds.push(connection.container_id),
    );
    container.on('sender_open', ({ sender }: rhea.EventContext) => sender && this.#beginToAnswer(sender));
    container.on(
      'receiver_open',
      ({ receiver }: rhea.EventContext) => receiver && this.#beginToHear(receiver),
    );
    container.on('disconnected', ({ connection }: rhea.EventContext) => this.#replies.delete(connection));
    container.on('message', (context: rhea.EventContext) => void this.#take(context));
  }

  sendStray(): void {
    const link = [...this.#replies.values()].flatMap((byAddress) => Array.from(byAddress.values())).at(-1);
    link?.send({ correlation_id: 'nobody', application_properties: { status: 200 }, body: '' });
  }

  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.drop();
    await closed;
  }

  #beginToAnswer(sender: rhea.Sender): void {
    const { address = '' } = sender.source as { address?: string };
    this.replyLinks.push(address);
    const [endpoint = ''] = address.split('/');
    const condition = this.refused.get(address) ?? this.refused.get(`${endpoint}/*`);
    if (condition !== undefined) return sender.close({ condition, description: 'refused' });
    internalsOf(sender).set_source({ address });
    const own = this.#replies.get(sender.connection) ?? new Map<string, rhea.Sender>();
    this.#replies.set(sender.connection, own.set(address, sender));
    return undefined;
  }

  #beginToHear(receiver: rhea.Receiver): void {
    const { address = '' } = receiver.target as { address?: string };
    const condition = this.refused.get(address);
    if (condition !== undefined) return receiver.close({ condition, description: 'refused' });
    receiver.set_target({ address });
    return undefined;
  }

  async #take({ receiver, delivery, message, connection }: rhea.EventContext): Promise<void> {
    if (!receiver || !delivery || !message) return;
    const question: HeardQuestion = {
      address: (receiver.target as { address?: string }).address ?? '',
      subject: message.subject ?? undefined,
      properties: message.application_properties ?? {},
      body: jsonOf(message.body),
      message,
    };
    this.heard.push(question);
    const reaction = this.react(question) ?? this.#storedAnswer(question);
    if (reaction === 'rejected') return delivery.reject({ condition: 'hono:bad-request' });
    delivery.accept();
    if (reaction === 'silence') return undefined;
    await this.beforeAnswer();
    const link = this.#replies.get(connection)?.get(message.reply_to ?? '');
    if (link?.is_open()) link.send(answerTo(message, reaction));
    return undefined;
  }

  #storedAnswer({ address, subject, properties, body }: HeardQuestion): Answered {
    const [endpoint, ...rest] = address.split('/');
    const tenant = rest.join('/');
    const query = (body ?? {}) as Readonly<Record<string, unknown>>;
    switch (`${endpoint} ${subject}`) {
      case 'tenant get':
        return this.stored.getTenant(query);
      case 'registration assert':
        return this.stored.assertRegistration(tenant, properties['device_id'], properties['gateway_id']);
      case 'credentials get':
        return this.stored.getCredentials(tenant, query);
      default:
        return { status: 400 };
    }
  }
}

function answerTo(request: rhea.Message, answer: Answered): rhea.Message {
  const { status, cacheControl, body, raw } = answer;
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  return {
    correlation_id: request.correlation_id ?? request.message_id ?? '',
    content_type: 'application/json',
    application_properties: {
      status: 'rawStatus' in answer ? answer.rawStatus : rhea.types.wrap_int(status),
      ...(cacheControl !== undefined && { cache_control: cacheControl }),
    },
    body: rhea.message.data_section(raw ? Buffer.from(raw) : Buffer.from(text)),
  };
}

function jsonOf(body: unknown): unknown {
  const { content } = (body ?? {}) as { readonly content?: Buffer };
  return content === undefined ? undefined : (JSON.parse(content.toString()) as unknown);
}

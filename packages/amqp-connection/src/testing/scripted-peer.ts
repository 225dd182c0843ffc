import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { internalsOf, receivedInternalsOf, silence } from '@rollcall/rhea-internals';
import { acceptedOutcome } from '@rollcall/rhea-internals/client';
import rhea from 'rhea';
import { listening } from './listening.ts';

/** What the peer answers to a message; `silence` leaves it without an outcome. */
export type Verdict =
  | 'accepted'
  | 'released'
  | 'silence'
  /** Settled, without an outcome. */
  | 'settled-without-outcome'
  /** Accepted, and not settled. */
  | 'accepted-unsettled'
  | { readonly rejected: string }
  | { readonly modified: { readonly undeliverableHere: boolean } };

export interface PeerMessage {
  readonly address: string;
  readonly message: rhea.Message;
}

/** An AMQP 1.0 network for tests, which behaves as the test says. */
export interface ScriptedPeer {
  readonly port: number;
  /** Everything received, in order. */
  readonly received: readonly PeerMessage[];
  /** The outcomes with which the other end settled messages by itself: it does not wait for our outcome any more. */
  readonly givenUp: readonly (string | undefined)[];
  /** User names and passwords presented with SASL PLAIN. */
  readonly logins: readonly { readonly username: string; readonly password: string }[];
  /** Decides what the peer answers to each message; default: accepted. */
  verdict: (message: PeerMessage) => Verdict;
  /** Credit given to each new link; default 1,000. */
  credit: number;
  /** Addresses that are refused, with the condition. */
  readonly refused: Map<string, string>;
  /** Whether the peer leaves the target out of its attach although it takes messages. */
  namesNoTarget: boolean;
  /** Whether a refused address ends the whole session, as on some brokers. */
  refusalEndsSession: boolean;
  /** Whether user name and password are right; default: yes. */
  authenticate: (username: string, password: string) => boolean;
  /** Sends a message to the link that receives from the address; resolves with the outcome's name. */
  deliver(address: string, payload: Uint8Array): Promise<string>;
  /** Addresses of all links that attached, in order, also of those that were refused. */
  readonly attached: readonly string[];
  /** Container ids of all connections opened so far. */
  readonly containerIds: readonly string[];
  /** Host names in their opens: where they wanted to connect to. */
  readonly hostnames: readonly unknown[];
  /** Number of connections opened so far. */
  readonly opened: () => number;
  /** Settles the messages that `silence` left without an outcome. */
  settleHeld(verdict: Exclude<Verdict, 'silence'>): void;
  /** Gives more credit to the link that sends to the address. */
  grant(address: string, credit: number): void;
  /** Drains the link: its credit must be used up or given back. Resolves once it was. */
  drain(address: string): Promise<void>;
  /** Settle modes that the last link that attached to send asked for: of the sender, of the receiver. */
  readonly lastSettleModes: () => readonly [unknown, unknown] | undefined;
  /** Target of the last link that attached to send. */
  readonly lastTarget: () =>
    | { readonly address: unknown; readonly durable: unknown; readonly capabilities: readonly string[] }
    | undefined;
  /** Sessions that are open now. */
  readonly openSessions: () => number;
  /** Source of the last link that attached to receive. */
  readonly lastSource: () =>
    | {
        readonly address?: string;
        readonly expiryPolicy?: string;
        readonly durable: unknown;
        readonly capabilities: readonly string[];
      }
    | undefined;
  /** How many messages the peer may still send to the links that receive from `address`. */
  creditOf(address: string): number;
  /** Detaches every link on which the peer receives, with an error. */
  detachAll(condition: string): void;
  /** Detaches the links to one address, with an error. */
  detach(address: string, condition: string): void;
  /** Detaches the links that receive from one address, with an error. */
  detachReceivers(address: string, condition: string): void;
  /** Ends every session, or those in which something is sent to `address`, with an error. */
  endSessions(condition: string, address?: string): void;
  /** Ends the sessions in which something is received from `address`, with an error. */
  endSessionsOfReceivers(condition: string, address: string): void;
  /** From now on sends nothing on the present connections, not even heartbeats. */
  fallSilent(): void;
  /** Cuts all network connections. */
  drop(): void;
  close(): Promise<void>;
}

export interface ScriptedPeerOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** PEM; with both, the peer speaks TLS. */
  readonly key?: string;
  readonly cert?: string;
  /** Highest channel number it allows; default: any. */
  readonly channelMax?: number;
}

export async function startScriptedPeer(options: ScriptedPeerOptions = {}): Promise<ScriptedPeer> {
  const container = rhea.create_container({ id: 'scripted-peer' });
  silence(container);
  const server = internalsOf(container).listen({
    host: '127.0.0.1',
    port: options.port ?? 0,
    tcp_no_delay: true,
    treat_modified_as_released: false,
    // Messages that the other end holds must not stop this end.
    session_buffer_size: { outgoing: 1_000_000 },
    ...(options.channelMax !== undefined && { channel_max: options.channelMax }),
    receiver_options: { credit_window: 0, autoaccept: false },
    ...(options.key !== undefined && { transport: 'tls', key: options.key, cert: options.cert }),
  });
  await listening(server, options.port ?? 0);
  return new RheaPeer(container, server);
}

/** The peer as rhea's server. */
class RheaPeer implements ScriptedPeer {
  readonly port: number;
  readonly received: PeerMessage[] = [];
  readonly givenUp: (string | undefined)[] = [];
  readonly logins: { username: string; password: string }[] = [];
  readonly attached: string[] = [];
  readonly containerIds: string[] = [];
  readonly hostnames: unknown[] = [];
  readonly refused = new Map<string, string>();
  verdict: ScriptedPeer['verdict'] = () => 'accepted';
  credit = 1_000;
  namesNoTarget = false;
  refusalEndsSession = false;
  authenticate: ScriptedPeer['authenticate'] = () => true;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<rhea.Session>();
  /** Links on which the peer receives. */
  readonly #receivers = new Set<rhea.Receiver>();
  /** Links on which the peer sends. */
  readonly #senders = new Set<rhea.Sender>();
  /** What was received and has no outcome. */
  readonly #held: rhea.Delivery[] = [];
  /** What was sent, with what to call at its outcome. */
  readonly #sent = new Map<rhea.Delivery, (outcome: string) => void>();
  #lastSource: ReturnType<ScriptedPeer['lastSource']>;
  #lastTarget: ReturnType<ScriptedPeer['lastTarget']>;
  #lastSettleModes: ReturnType<ScriptedPeer['lastSettleModes']>;

  constructor(container: rhea.Container, server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#accept(socket));
    this.#offerSasl(container);
    this.#listen(container);
  }

  opened(): number {
    return this.containerIds.length;
  }

  openSessions(): number {
    return this.#sessions.size;
  }

  lastSettleModes(): ReturnType<ScriptedPeer['lastSettleModes']> {
    return this.#lastSettleModes;
  }

  lastTarget(): ReturnType<ScriptedPeer['lastTarget']> {
    return this.#lastTarget;
  }

  lastSource(): ReturnType<ScriptedPeer['lastSource']> {
    return this.#lastSource;
  }

  deliver(address: string, payload: Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      const [link] = this.#sendersTo(address);
      if (!link) return reject(new Error(`no link receives from ${address}`));
      this.#sent.set(link.send(Buffer.from(payload), undefined, 0), resolve);
      return undefined;
    });
  }

  creditOf(address: string): number {
    return this.#sendersTo(address).reduce((sum, each) => sum + internalsOf(each).credit, 0);
  }

  settleHeld(verdict: Exclude<Verdict, 'silence'>): void {
    for (const delivery of this.#held.splice(0)) settle(delivery, verdict);
  }

  grant(address: string, credit: number): void {
    this.#receiverOf(address).add_credit(credit);
  }

  async drain(address: string): Promise<void> {
    const receiver = this.#receiverOf(address);
    const drained = once(receiver, 'receiver_drained');
    receiver.drain_credit();
    await drained;
    internalsOf(receiver).drain = false;
  }

  endSessions(condition: string, address?: string): void {
    const ending = address === undefined ? this.#sessions : [this.#receiverOf(address).session];
    for (const session of ending) this.#endSession(session, condition);
  }

  endSessionsOfReceivers(condition: string, address: string): void {
    for (const sender of this.#sendersTo(address)) {
      this.#senders.delete(sender);
      this.#endSession(sender.session, condition);
    }
  }

  fallSilent(): void {
    for (const socket of this.#sockets) socket.write = () => true;
  }

  detachAll(condition: string): void {
    for (const receiver of this.#receivers) this.#detach(receiver, condition);
  }

  detach(address: string, condition: string): void {
    for (const receiver of this.#receivers)
      if (receiver.target?.address === address) this.#detach(receiver, condition);
  }

  detachReceivers(address: string, condition: string): void {
    for (const sender of this.#sendersTo(address)) {
      this.#senders.delete(sender);
      sender.close({ condition, description: 'detached by the script' });
    }
  }

  drop(): void {
    this.#receivers.clear();
    this.#senders.clear();
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #offerSasl(container: rhea.Container): void {
    const mechanisms = internalsOf(container).sasl_server_mechanisms;
    mechanisms.enable_plain((username, password) => {
      this.logins.push({ username, password });
      return this.authenticate(username, password);
    });
    mechanisms.enable_anonymous();
  }

  #listen(container: rhea.Container): void {
    const on = (event: string, handle: (context: rhea.EventContext) => void): void =>
      void container.on(event, handle);
    on('connection_open', ({ connection }) => {
      this.containerIds.push(connection.container_id);
      this.hostnames.push(connection.hostname);
    });
    on('session_open', ({ session }) => session && this.#sessions.add(session));
    on('session_close', ({ session }) => session && this.#sessions.delete(session));
    on('receiver_open', ({ receiver }) => receiver && this.#beginToReceive(receiver));
    on('receiver_close', ({ receiver }) => receiver && this.#receivers.delete(receiver));
    on('sender_open', ({ sender }) => sender && this.#beginToSend(sender));
    on('sender_close', ({ sender }) => sender && this.#senders.delete(sender));
    on('disconnected', ({ connection }) => this.#forget(connection));
    on('message', (context) => this.#take(context));
    on(
      'settled',
      ({ receiver, delivery }) => receiver && this.givenUp.push(compositeTypeOf(delivery?.remote_state)),
    );
    for (const outcome of ['accepted', 'released', 'rejected', 'modified'])
      on(outcome, ({ delivery }) => delivery && this.#sent.get(delivery)?.(outcome));
  }

  #beginToReceive(receiver: rhea.Receiver): void {
    const target = receiver.target as { address?: string; durable?: unknown; capabilities?: unknown };
    const address = target?.address ?? '';
    this.attached.push(address);
    this.#lastSettleModes = [receiver.snd_settle_mode, receiver.rcv_settle_mode];
    this.#lastTarget = {
      address: target?.address,
      durable: target?.durable ?? 0,
      capabilities: namesOf(target?.capabilities),
    };
    if (!this.namesNoTarget) receiver.set_target({ address });
    const condition = this.refused.get(address);
    if (condition !== undefined) {
      const refusing = this.refusalEndsSession ? receiver.session : receiver;
      return refusing.close({ condition, description: `${address} is refused` });
    }
    this.#receivers.add(receiver);
    if (this.credit > 0) receiver.add_credit(this.credit);
    return undefined;
  }

  #beginToSend(sender: rhea.Sender): void {
    const { address, expiry_policy, durable, capabilities } = sender.source as {
      address?: string;
      expiry_policy?: unknown;
      durable?: unknown;
      capabilities?: unknown;
    };
    this.attached.push(address ?? '');
    this.#lastSource = {
      ...(address !== undefined && { address }),
      ...(typeof expiry_policy === 'string' && { expiryPolicy: expiry_policy }),
      durable: durable ?? 0,
      capabilities: namesOf(capabilities),
    };
    const condition = this.refused.get(address ?? '');
    if (condition !== undefined) return sender.close({ condition, description: 'refused' });
    internalsOf(sender).set_source({ address });
    this.#senders.add(sender);
    return undefined;
  }

  #forget(connection: rhea.Connection): void {
    for (const lost of [this.#receivers, this.#senders, this.#sessions] as Set<HasConnection>[])
      for (const each of lost) if (each.connection === connection) lost.delete(each);
  }

  #take({ receiver, delivery, message }: rhea.EventContext): void {
    if (!receiver || !delivery || !message) return;
    const entry = { address: receiver.target?.address ?? '', message };
    this.received.push(entry);
    const verdict = this.verdict(entry);
    if (verdict === 'silence') this.#held.push(delivery);
    // Outcomes of different kinds in one turn would be merged by rhea: see `settle` of rhea-internals.
    else setImmediate(() => settle(delivery, verdict));
  }

  #receiverOf(address: string): rhea.Receiver {
    const receiver = [...this.#receivers].find((each) => each.target?.address === address);
    if (!receiver) throw new Error(`no link sends to ${address}`);
    return receiver;
  }

  #sendersTo(address: string): rhea.Sender[] {
    return [...this.#senders].filter((each) => (each.source as { address?: unknown }).address === address);
  }

  #detach(receiver: rhea.Receiver, condition: string): void {
    receiver.close({ condition, description: 'detached by the script' });
    this.#receivers.delete(receiver);
  }

  #endSession(session: rhea.Session, condition: string): void {
    session.close({ condition, description: 'ended by the script' });
    this.#sessions.delete(session);
  }
}

interface HasConnection {
  readonly connection: rhea.Connection;
}

/** One symbol, or several. */
function namesOf(capabilities: unknown): string[] {
  return [capabilities ?? []].flat().map(String);
}

function settle(delivery: rhea.Delivery, verdict: Exclude<Verdict, 'silence'>): void {
  const received = receivedInternalsOf(delivery);
  const { session } = received.link;
  if (verdict === 'accepted') delivery.accept();
  else if (verdict === 'released') delivery.release();
  else if (verdict === 'settled-without-outcome') delivery.update(true);
  else if (verdict === 'accepted-unsettled') received.update(false, acceptedOutcome());
  else if ('rejected' in verdict)
    delivery.reject({ condition: verdict.rejected, description: 'by the script' });
  else
    received.modified({
      undeliverable_here: verdict.modified.undeliverableHere,
      delivery_failed: true,
    });
  session.incoming.process(session);
}

/** E.g. `released`. */
function compositeTypeOf(outcome: unknown): string | undefined {
  return (outcome as { readonly constructor: { readonly composite_type?: string } } | undefined)?.constructor
    .composite_type;
}

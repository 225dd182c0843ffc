import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { internalsOf, receivedInternalsOf, silence } from '@rollcall/rhea-internals';
import rhea from 'rhea';

/** What becomes of a message that the peer received; `silence` leaves it without an outcome. */
export type Verdict =
  | 'accepted'
  | 'released'
  | 'silence'
  | { readonly rejected: string }
  | { readonly modified: { readonly undeliverableHere: boolean } };

export interface PeerMessage {
  readonly address: string;
  readonly message: rhea.Message;
}

/** An AMQP 1.0 network for tests that does what it is told. */
export interface ScriptedPeer {
  readonly port: number;
  /** Everything received, in order. */
  readonly received: readonly PeerMessage[];
  /** User names and passwords presented with SASL PLAIN. */
  readonly logins: readonly { readonly username: string; readonly password: string }[];
  /** Decides what becomes of each message; default: accepted. */
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
  /** Sends a message to whoever receives from the address; resolves with the outcome's name. */
  deliver(address: string, payload: Uint8Array): Promise<string>;
  /** Addresses of all links that attached, in order, also of those that were refused. */
  readonly attached: readonly string[];
  /** Container ids of all connections opened so far. */
  readonly containerIds: readonly string[];
  /** Number of connections opened so far. */
  readonly opened: () => number;
  /** Settles what `silence` left without an outcome. */
  settleHeld(verdict: Exclude<Verdict, 'silence'>): void;
  /** Gives more credit to whoever sends to the address. */
  grant(address: string, credit: number): void;
  /** Asks for credit to be used up or given back; resolves once it was. */
  drain(address: string): Promise<void>;
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
  /** What the peer may still send to whoever receives from `address`. */
  creditOf(address: string): number;
  /** Detaches every link on which the peer receives, with an error. */
  detachAll(condition: string): void;
  /** Detaches the links to one address, with an error. */
  detach(address: string, condition: string): void;
  /** Ends every session, or those in which something is sent to `address`, with an error. */
  endSessions(condition: string, address?: string): void;
  /** Ends the sessions in which something is received from `address`, with an error. */
  endSessionsOfReceivers(condition: string, address: string): void;
  /** Says nothing any more on the connections there are, not even heartbeats. */
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
  const received: PeerMessage[] = [];
  const logins: { username: string; password: string }[] = [];
  const sockets = new Set<Socket>();
  const receivers = new Set<rhea.Receiver>();
  const senders = new Set<rhea.Sender>();
  const sessions = new Set<rhea.Session>();
  const attached: string[] = [];
  const held: rhea.Delivery[] = [];
  const containerIds: string[] = [];
  let lastSource: ReturnType<ScriptedPeer['lastSource']>;
  let lastTarget: ReturnType<ScriptedPeer['lastTarget']>;

  const mechanisms = internalsOf(container).sasl_server_mechanisms;
  mechanisms.enable_plain((username, password) => {
    logins.push({ username, password });
    return peer.authenticate(username, password);
  });
  mechanisms.enable_anonymous();

  container.on('connection_open', ({ connection }: rhea.EventContext) =>
    containerIds.push(connection.container_id),
  );
  container.on('session_open', ({ session }: rhea.EventContext) => session && sessions.add(session));
  container.on('session_close', ({ session }: rhea.EventContext) => session && sessions.delete(session));
  container.on('receiver_open', ({ receiver }: rhea.EventContext) => {
    if (!receiver) return;
    const address = receiver.target?.address ?? '';
    attached.push(address);
    const { target } = receiver as {
      target?: { address?: unknown; durable?: unknown; capabilities?: unknown };
    };
    lastTarget = {
      address: target?.address,
      durable: target?.durable ?? 0,
      capabilities: [target?.capabilities ?? []].flat().map(String),
    };
    if (!peer.namesNoTarget) receiver.set_target({ address });
    const condition = peer.refused.get(address);
    if (condition !== undefined && peer.refusalEndsSession)
      return receiver.session.close({ condition, description: `${address} is refused` });
    if (condition !== undefined) return receiver.close({ condition, description: `${address} is refused` });
    receivers.add(receiver);
    if (peer.credit > 0) receiver.add_credit(peer.credit);
    return undefined;
  });
  container.on('sender_open', ({ sender }: rhea.EventContext) => {
    if (!sender) return;
    const {
      address,
      expiry_policy: expiryPolicy,
      durable,
      capabilities,
    } = sender.source as {
      address?: string;
      expiry_policy?: unknown;
      durable?: unknown;
      capabilities?: unknown;
    };
    attached.push(address ?? '');
    lastSource = {
      ...(address !== undefined && { address }),
      ...(typeof expiryPolicy === 'string' && { expiryPolicy }),
      durable: durable ?? 0,
      capabilities: [capabilities ?? []].flat().map(String),
    };
    const condition = peer.refused.get(address ?? '');
    if (condition !== undefined) return sender.close({ condition, description: 'refused' });
    internalsOf(sender).set_source({ address });
    senders.add(sender);
    return undefined;
  });
  container.on('disconnected', ({ connection }: rhea.EventContext) => {
    for (const receiver of receivers) if (receiver.connection === connection) receivers.delete(receiver);
    for (const sender of senders) if (sender.connection === connection) senders.delete(sender);
    for (const session of sessions) if (session.connection === connection) sessions.delete(session);
  });
  for (const event of ['receiver_close', 'sender_close'])
    container.on(event, ({ receiver, sender }: rhea.EventContext) => {
      if (receiver) receivers.delete(receiver);
      if (sender) senders.delete(sender);
    });
  container.on('message', ({ receiver, delivery, message }: rhea.EventContext) => {
    if (!receiver || !delivery || !message) return;
    const entry = { address: receiver.target?.address ?? '', message };
    received.push(entry);
    const verdict = peer.verdict(entry);
    if (verdict === 'silence') {
      held.push(delivery);
      return;
    }
    // Outcomes of different kinds in one turn would be merged by rhea: see `settle` of rhea-internals.
    setImmediate(() => settle(delivery, verdict));
  });

  const waiting = new Map<rhea.Delivery, (outcome: string) => void>();
  for (const outcome of ['accepted', 'released', 'rejected', 'modified'])
    container.on(outcome, ({ delivery }: rhea.EventContext) => delivery && waiting.get(delivery)?.(outcome));

  const server = internalsOf(container).listen({
    host: '127.0.0.1',
    port: options.port ?? 0,
    tcp_no_delay: true,
    treat_modified_as_released: false,
    // What is held at the other end must not stop this end.
    session_buffer_size: { outgoing: 1_000_000 },
    ...(options.channelMax !== undefined && { channel_max: options.channelMax }),
    receiver_options: { credit_window: 0, autoaccept: false },
    ...(options.key !== undefined && { transport: 'tls', key: options.key, cert: options.cert }),
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await once(server, 'listening');

  function receiverOf(address: string): rhea.Receiver {
    const receiver = [...receivers].find((each) => each.target?.address === address);
    if (!receiver) throw new Error(`nobody sends to ${address}`);
    return receiver;
  }

  function detachWhere(which: (receiver: rhea.Receiver) => boolean, condition: string): void {
    for (const receiver of [...receivers].filter(which)) {
      receiver.close({ condition, description: 'detached by the script' });
      receivers.delete(receiver);
    }
  }

  const peer: ScriptedPeer = {
    port: (server.address() as AddressInfo).port,
    received,
    logins,
    attached,
    containerIds,
    opened: () => containerIds.length,
    verdict: () => 'accepted',
    credit: 1_000,
    refused: new Map(),
    namesNoTarget: false,
    refusalEndsSession: false,
    authenticate: () => true,
    lastTarget: () => lastTarget,
    openSessions: () => sessions.size,
    lastSource: () => lastSource,
    deliver: (address, payload) =>
      new Promise((resolve, reject) => {
        const link = [...senders].find(
          (each) => String((each.source as { address?: unknown }).address) === address,
        );
        if (!link) return reject(new Error(`nobody receives from ${address}`));
        const delivery = link.send(Buffer.from(payload), undefined, 0);
        waiting.set(delivery, resolve);
        return undefined;
      }),
    creditOf: (address) =>
      [...senders]
        .filter((each) => (each.source as { address?: unknown }).address === address)
        .reduce((sum, each) => sum + internalsOf(each).credit, 0),
    settleHeld(verdict) {
      for (const delivery of held.splice(0)) settle(delivery, verdict);
    },
    grant(address, credit) {
      receiverOf(address).add_credit(credit);
    },
    async drain(address) {
      const receiver = receiverOf(address);
      const drained = once(receiver, 'receiver_drained');
      receiver.drain_credit();
      await drained;
      internalsOf(receiver).drain = false;
    },
    endSessions(condition, address) {
      const ending = address === undefined ? sessions : new Set([receiverOf(address).session]);
      for (const session of ending) {
        session.close({ condition, description: 'ended by the script' });
        sessions.delete(session);
      }
    },
    endSessionsOfReceivers(condition, address) {
      for (const sender of senders) {
        if ((sender.source as { address?: unknown }).address !== address) continue;
        senders.delete(sender);
        sessions.delete(sender.session);
        sender.session.close({ condition, description: 'ended by the script' });
      }
    },
    fallSilent() {
      for (const socket of sockets) socket.write = () => true;
    },
    detachAll: (condition) => detachWhere(() => true, condition),
    detach: (address, condition) =>
      detachWhere((receiver) => receiver.target?.address === address, condition),
    drop() {
      receivers.clear();
      senders.clear();
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return peer;
}

function settle(delivery: rhea.Delivery, verdict: Exclude<Verdict, 'silence'>): void {
  const received = receivedInternalsOf(delivery);
  const { session } = received.link;
  if (verdict === 'accepted') delivery.accept();
  else if (verdict === 'released') delivery.release();
  else if ('rejected' in verdict)
    delivery.reject({ condition: verdict.rejected, description: 'by the script' });
  else
    received.modified({
      undeliverable_here: verdict.modified.undeliverableHere,
      delivery_failed: true,
    });
  session.incoming.process(session);
}
